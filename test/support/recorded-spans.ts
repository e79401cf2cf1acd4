import { context, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { onTestFinished } from 'vitest';

/** Spans of the test at hand, as an SDK that its user has set up records them. */
export class RecordedSpans {
  readonly #exporter = new InMemorySpanExporter();

  /** Those that have ended, by the order of their ends. */
  get all(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  /** The span of an attempt at a request. */
  of(requestId: string): ReadableSpan {
    return this.#only(({ attributes }) => attributes['coatcheck.request.id'] === requestId);
  }

  named(name: string): ReadableSpan {
    return this.#only((span) => span.name === name);
  }

  #only(matches: (span: ReadableSpan) => boolean): ReadableSpan {
    const [span, ...more] = this.all.filter(matches);
    if (!span || more.length > 0) throw new Error(`expected one span, got ${more.length + (span ? 1 : 0)}`);
    return span;
  }

  /** Registers the SDK until the test is over. */
  constructor() {
    registerProvider(this.#exporter);
  }
}

/** Registers an SDK with this exporter until the test is over. */
export function registerProvider(exporter: SpanExporter): void {
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  onTestFinished(unregister);
}

/** Takes away whichever SDK is registered. */
export function unregister(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}
