import { context, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { onTestFinished } from 'vitest';

/** The spans of the current test, recorded by an SDK like a user's. */
export class RecordedSpans {
  readonly #exporter = new InMemorySpanExporter();

  /** Ended spans, in the order of their ends. */
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

  /** Registers the SDK until the test ends. */
  constructor() {
    registerProvider(this.#exporter);
  }
}

/** Registers an SDK with this exporter until the test ends. */
export function registerProvider(exporter: SpanExporter): void {
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  onTestFinished(unregister);
}

/** Removes the registered SDK. */
export function unregister(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}
