import type { SqsReceivedMessage } from '../../aws/sqs-source.ts';
import { PermanentError } from '../../core/base/errors.ts';
import { decodeWebhook, hostOf, type WebhookMessage } from '../../core/webhooks/message.ts';
import { formatTime } from '../../terminal/figures.ts';

/** A message of the webhooks' dead-letter queue, decoded. */
export interface DeadWebhook {
  readonly message: SqsReceivedMessage;
  /** Absent if the message isn't a webhook. */
  readonly decoded?: WebhookMessage;
}

/** Selects dead-lettered webhooks: all conditions must hold. */
export interface WebhookFilter {
  /** Id of the request. */
  readonly request?: string;
  /** Host of the receiver, with its port unless that is the default. */
  readonly host?: string;
  /** When it was dead-lettered, inclusive. */
  readonly since?: Date;
  /** When it was dead-lettered, exclusive. */
  readonly until?: Date;
}

/** Column names of {@link webhookCells}. */
export const WEBHOOK_HEADER = ['webhook', 'request', 'host', 'event', 'attempts', 'since'] as const;

/** Decodes a message. */
export function openWebhook(message: SqsReceivedMessage): DeadWebhook {
  try {
    return { message, decoded: decodeWebhook(message.body) };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { message };
  }
}

/** Whether a webhook matches a filter. A message that can't be decoded matches only filters without request and host. */
export function matches(
  { message, decoded }: DeadWebhook,
  { request, host, since, until }: WebhookFilter,
): boolean {
  return (
    (request === undefined || decoded?.subject.request.id === request) &&
    (host === undefined || (decoded !== undefined && hostOf(decoded) === host)) &&
    (since === undefined || message.sentAt >= since.getTime()) &&
    (until === undefined || message.sentAt < until.getTime())
  );
}

/** A webhook as JSON output. */
export function webhookResource({ message, decoded }: DeadWebhook) {
  const { type, request } = decoded?.subject ?? {};
  return {
    id: decoded?.id,
    request: request?.id,
    source: request?.source || undefined,
    tenant: request?.tenant,
    endpoint: decoded?.endpoint,
    host: decoded && hostOf(decoded),
    event: type,
    // The message holds the number of the next attempt.
    attempts: decoded && decoded.attempt - 1,
    since: formatTime(message.sentAt),
    messageId: message.id,
  };
}

/** The table cells of a webhook. */
export function webhookCells(dead: DeadWebhook): string[] {
  const { id, request, host, event, attempts, since, messageId } = webhookResource(dead);
  return [id ?? messageId, request ?? '', host ?? '', event ?? 'unreadable', String(attempts ?? ''), since];
}
