import { context, SpanKind } from '@opentelemetry/api';
import { messageOf } from '../base/serialize-error.ts';
import { setSpanError } from '../base/span-error.ts';
import { startSpan } from '../base/start-span.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { WebhookAnswer } from '../ports/webhooks.ts';
import type { WebhookMessage } from './message.ts';

/**
 * Makes a webhook call in its own span, in the request's trace.
 * @param call receives the trace context to send
 * @throws what `call` throws
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export async function traceWebhookCall(
  message: WebhookMessage,
  call: (trace: TraceContext) => Promise<WebhookAnswer>,
): Promise<WebhookAnswer> {
  const { traceparent, tracestate } = message;
  const started = startSpan({ traceparent, tracestate }, 'POST', {
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': 'POST',
      // Only the host: the rest of the URL may contain a secret.
      'server.address': URL.parse(message.url)?.hostname,
      'coatcheck.webhook.id': message.id,
      'coatcheck.attempt': message.attempt,
    },
  });
  const { span } = started;
  try {
    const answer = await context.with(started.context, () => call(started.trace));
    span.setAttribute('http.response.status_code', answer.status);
    if (answer.status >= 400) setSpanError(span, String(answer.status), `HTTP ${answer.status}`);
    return answer;
  } catch (error) {
    setSpanError(span, error instanceof Error ? error.name : typeof error, messageOf(error));
    throw error;
  } finally {
    span.end();
  }
}
