import { formatCount, formatProgress } from '../../terminal/format.ts';
import { isForPeople, printCells, printJson } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { type DeadWebhook, webhookResource } from './dead-webhook.ts';
import { type WebhookService, type WebhookWalkOptions, walkWebhooks } from './service.ts';

/** Walks through the matching webhooks once, with its progress on standard error. @param doing progress text: `putting back` */
export async function eachBatch(
  { deadLetters }: Pick<WebhookService, 'deadLetters'>,
  walk: WebhookWalkOptions,
  doing: string,
  work: (webhooks: readonly DeadWebhook[]) => Promise<void>,
): Promise<void> {
  using board = new ProgressBoard();
  const progress = board.begin(doing);
  const total = await deadLetters.count();
  let done = 0;
  for await (const { received, matching } of walkWebhooks(deadLetters, walk)) {
    await work(matching);
    done += received;
    progress.note(formatProgress(done, Math.max(total, done), formatCount));
  }
}

/** A webhook and what a command did with it. */
export interface HandledWebhook {
  readonly webhook: DeadWebhook;
  readonly result: 'put_back' | 'deleted' | 'unreadable' | 'failed';
  /** What went wrong. */
  readonly problem?: string;
}

/** Prints a line for a webhook; on a terminal, nothing, since a total follows. */
export async function printHandled(
  { webhook, result }: HandledWebhook,
  { json }: { readonly json?: true },
): Promise<void> {
  const resource = webhookResource(webhook);
  if (json) await printJson({ ...resource, result });
  else if (!isForPeople({ json }))
    await printCells([resource.id ?? resource.messageId, resource.request ?? '', result]);
}
