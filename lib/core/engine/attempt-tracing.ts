import { type Attributes, SpanKind } from '@opentelemetry/api';
import { summarizeError } from '../base/serialize-error.ts';
import { setSpanError } from '../base/span-error.ts';
import { type StartedSpan, startSpan } from '../base/start-span.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { Decoded } from '../model/decoded-request.ts';
import type { Outcome } from '../model/outcome.ts';

/** Where messages come from, in OpenTelemetry's terms. */
export interface MessageSource {
  /** The messaging system, such as `aws_sqs`. */
  readonly system: string;
  /** The name of the queue. */
  readonly destination: string;
}

/** What the span of an attempt is about. */
export interface TracedAttempt {
  readonly request: Decoded;
  /** The queue's id of the message. */
  readonly messageId: string;
  /** Which delivery of its message it is, from 1. */
  readonly attempt: number;
  readonly source: MessageSource | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The span of an attempt. Without an SDK it records nothing.
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export class AttemptSpan {
  readonly #traced: TracedAttempt;
  readonly #startedAt: number;
  #started: StartedSpan | undefined;

  constructor(traced: TracedAttempt) {
    this.#traced = traced;
    this.#startedAt = traced.now();
  }

  /** Ends the span with how the request ended. */
  end(outcome: Outcome): void {
    const { span } = this.start(outcome);
    if (outcome.status === 'failed') setSpanError(span, outcome.problem.code, outcome.problem.detail);
    this.#end(outcome.status);
  }

  /** Ends the span of an attempt that is to be made again. */
  endRetried(thrown: unknown): void {
    const { span } = this.start(this.#traced.request);
    if (span.isRecording()) {
      const { code, name, message } = summarizeError(thrown);
      setSpanError(span, code ?? name, message);
    }
    this.#end('retried');
  }

  #end(outcome: Outcome['status'] | 'retried'): void {
    this.#started?.span.setAttribute('coatcheck.outcome', outcome);
    this.#started?.span.end(this.#traced.now());
  }

  /**
   * Starts the span, unless it is started. One of an attempt that doesn't come to its handler starts at the end.
   * @param requestTrace the trace the request belongs to: where only its object names one, it is known from now on
   */
  start(requestTrace: TraceContext): StartedSpan {
    const { source } = this.#traced;
    this.#started ??= startSpan(requestTrace, source ? `process ${source.destination}` : 'process', {
      kind: SpanKind.CONSUMER,
      startTime: this.#startedAt,
      attributes: this.#attributes(),
    });
    return this.#started;
  }

  #attributes(): Attributes {
    const { request, messageId, attempt, source } = this.#traced;
    return {
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.system': source?.system,
      'messaging.destination.name': source?.destination,
      'messaging.message.id': messageId,
      'coatcheck.request.id': request.id,
      'coatcheck.tenant': request.tenant,
      'coatcheck.attempt': attempt,
    };
  }
}
