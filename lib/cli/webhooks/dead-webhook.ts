import type { DeadMessage } from '../../aws/sqs-dead-letter-queue.ts';
import { PermanentError } from '../../core/base/errors.ts';
import {
  decodeWebhook,
  hostOf,
  subjectOf,
  type Told,
  type WebhookMessage,
} from '../../core/webhooks/message.ts';
import { formatTime } from '../../terminal/figures.ts';

/** A message of the webhooks' dead-letter queue, decoded. */
export interface DeadWebhook {
  readonly message: DeadMessage;
  /** Absent if the message is no webhook. */
  readonly content?: { readonly webhook: WebhookMessage; readonly told: Told };
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
export function openWebhook(message: DeadMessage): DeadWebhook {
  try {
    const webhook = decodeWebhook(message.body);
    return { message, content: { webhook, told: subjectOf(webhook) } };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { message };
  }
}

/** Whether a webhook matches a filter. A message that can't be decoded matches only filters without request and host. */
export function matches(
  { message, content }: DeadWebhook,
  { request, host, since, until }: WebhookFilter,
): boolean {
  return (
    (request === undefined || content?.told.request.id === request) &&
    (host === undefined || (content !== undefined && hostOf(content.webhook) === host)) &&
    (since === undefined || message.sentAt >= since.getTime()) &&
    (until === undefined || message.sentAt < until.getTime())
  );
}

/** A webhook as JSON output. */
export function webhookResource({ message, content }: DeadWebhook) {
  const { webhook, told } = content ?? {};
  return {
    id: webhook?.id,
    request: told?.request.id,
    source: told?.request.source || undefined,
    tenant: told?.request.tenant,
    host: webhook && hostOf(webhook),
    event: told?.type,
    // The message holds the number of the next attempt.
    attempts: webhook && webhook.attempt - 1,
    since: formatTime(message.sentAt),
    messageId: message.id,
  };
}

/** The table cells of a webhook. */
export function webhookCells(webhook: DeadWebhook): string[] {
  const { id, request, host, event, attempts, since, messageId } = webhookResource(webhook);
  return [id ?? messageId, request ?? '', host ?? '', event ?? 'unreadable', String(attempts ?? ''), since];
}
