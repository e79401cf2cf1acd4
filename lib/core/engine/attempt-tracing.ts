import { type Attributes, SpanKind } from '@opentelemetry/api';
import { summarizeError } from '../base/serialize-error.ts';
import { setSpanError } from '../base/span-error.ts';
import { type StartedSpan, startSpan } from '../base/start-span.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { Decoded } from '../model/decoded-request.ts';
import type { Outcome } from '../model/outcome.ts';

/** The source of messages, in OpenTelemetry's terms. */
export interface MessageSource {
  /** The messaging system, such as `aws_sqs`. */
  readonly system: string;
  /** The name of the queue. */
  readonly destination: string;
}

/** What the span of an attempt describes. */
export interface TracedAttempt {
  readonly request: Decoded;
  /** The queue's id of the message. */
  readonly messageId: string;
  /** The number of the delivery, from 1. */
  readonly attempt: number;
  /** The version of the handler's code, if it has one. */
  readonly handlerVersion: string | undefined;
  readonly source: MessageSource | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The span of an attempt. Without an OpenTelemetry SDK it records nothing.
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

  /** Ends the span of an attempt that ended its request. */
  end(outcome: Outcome): void {
    const { span } = this.start(outcome);
    if (outcome.status === 'failed') setSpanError(span, outcome.problem.code, outcome.problem.detail);
    this.#end(outcome.status);
  }

  /** Ends the span of an attempt that will be retried. */
  endRetried(thrown: unknown): void {
    const { span } = this.start(this.#traced.request);
    if (span.isRecording()) {
      const { code, name, message } = summarizeError(thrown);
      setSpanError(span, code ?? name, message);
    }
    this.#end('retried');
  }

  /** Ends the span of an attempt that goes on from a checkpoint. */
  endSuspended(): void {
    this.start(this.#traced.request);
    this.#end('suspended');
  }

  /** Ends the span of an attempt whose handler asked for a pause. */
  endPaused(): void {
    this.start(this.#traced.request);
    this.#end('paused');
  }

  /** Ends the span of a rehearsal, whatever came of it. */
  endRehearsed(): void {
    this.start(this.#traced.request);
    this.#end('rehearsed');
  }

  #end(outcome: Outcome['status'] | 'retried' | 'suspended' | 'paused' | 'rehearsed'): void {
    this.#started?.span.setAttribute('coatcheck.outcome', outcome);
    this.#started?.span.end(this.#traced.now());
  }

  /**
   * Starts the span, unless it has started. The span of an attempt that never reaches its handler starts when it ends.
   * @param requestTrace the request's trace. If only the payload object names it, it isn't known earlier.
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
    const { request, messageId, attempt, handlerVersion, source } = this.#traced;
    return {
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.system': source?.system,
      'messaging.destination.name': source?.destination,
      'messaging.message.id': messageId,
      'coatcheck.request.id': request.id,
      'coatcheck.tenant': request.tenant,
      'coatcheck.attempt': attempt,
      'coatcheck.handler.version': handlerVersion,
    };
  }
}
