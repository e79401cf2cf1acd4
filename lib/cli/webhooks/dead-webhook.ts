import type { DeadMessage } from '../../aws/sqs-dead-letter-queue.ts';
import { PermanentError } from '../../core/base/errors.ts';
import {
  decodeWebhook,
  hostOf,
  type Told,
  toldBy,
  type WebhookMessage,
} from '../../core/webhooks/message.ts';
import { formatTime } from '../../terminal/figures.ts';

/** A message of the webhooks' dead-letter queue, read. */
export interface DeadWebhook {
  readonly message: DeadMessage;
  /** Absent where the message is none. */
  readonly content?: { readonly webhook: WebhookMessage; readonly told: Told };
}

/** Which webhooks are meant: those for which all of this is true. */
export interface WebhookFilter {
  /** Of the request. */
  readonly request?: string;
  /** Of the receiver, with its port where that isn't the usual one. */
  readonly host?: string;
  /** In the dead-letter queue not before. */
  readonly since?: Date;
  /** Before. */
  readonly until?: Date;
}

/** What the cells of a webhook are called. */
export const HEADER = ['webhook', 'request', 'host', 'event', 'attempts', 'since'] as const;

/** Reads a message. */
export function openWebhook(message: DeadMessage): DeadWebhook {
  try {
    const webhook = decodeWebhook(message.body);
    return { message, content: { webhook, told: toldBy(webhook) } };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { message };
  }
}

/** Whether a webhook is meant. One that can't be read is when everything is. */
export function isMeant(
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

/** A webhook for programs. */
export function resourceOf({ message, content }: DeadWebhook) {
  const { webhook, told } = content ?? {};
  return {
    id: webhook?.id,
    request: told?.request.id,
    source: told?.request.issuer || undefined,
    tenant: told?.request.tenant,
    host: webhook && hostOf(webhook),
    event: told?.type,
    // The message says which one would be next.
    attempts: webhook && webhook.attempt - 1,
    since: formatTime(message.sentAt),
    messageId: message.id,
  };
}

/** The cells of a webhook. */
export function cellsOf(webhook: DeadWebhook): string[] {
  const { id, request, host, event, attempts, since, messageId } = resourceOf(webhook);
  return [id ?? messageId, request ?? '', host ?? '', event ?? 'unreadable', String(attempts ?? ''), since];
}
