import { type Span, SpanStatusCode } from '@opentelemetry/api';

/** Longest error message on a span, in characters. */
const MESSAGE_MAX_LENGTH = 1_000;

/**
 * Marks a span as failed. The stack of the error is in the log only: reading it is slow.
 * @param type what programs branch on
 */
export function setSpanError(span: Span, type: string, text: string): void {
  const message = text.slice(0, MESSAGE_MAX_LENGTH);
  span.setAttribute('error.type', type);
  // The SDK would take the code of an Error for its type.
  span.recordException({ name: type, message });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
