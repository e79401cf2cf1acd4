import { quote } from '../base/quote.ts';
import { timeProblem } from '../base/time.ts';
import { isPosition } from '../model/record-position.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';
import type { RecordIndex } from '../ports/record-store.ts';
import type { WebhookQueue } from '../ports/webhooks.ts';
import { WebhookEndpointRefused } from './errors.ts';
import { type WebhookMessage, webhookOf } from './message.ts';
import { type WebhookRules, wants } from './recipient.ts';
import { sendWebhooks } from './resend.ts';

/** The time of submission of the requests whose outcomes are sent again. */
export interface ReplayWindow {
  /** Inclusive. */
  readonly from: Date;
  /** Exclusive. @default - now */
  readonly to?: Date;
  /** Only outcomes of requests that ended before this time: a dry run and a replay with the same time find the same ones. @default - all */
  readonly endedBefore?: Date;
  /** Whether to count the outcomes and send none. @default false */
  readonly dryRun?: boolean;
  /** `next` of the previous call with the same window. @default - begins with the newest */
  readonly cursor?: string;
}

/** What one call sent, or would send. */
export interface Replayed {
  /** Requests that were looked at. */
  readonly examined: number;
  /** Outcomes that were sent, or would be without `dryRun`. */
  readonly sent: number;
  /** The cursor of the next call; absent when the window is done. */
  readonly next?: string;
}

/** The dependencies of {@link replayWindow}. */
export interface ReplayTools {
  readonly index: RecordIndex;
  readonly queue: WebhookQueue;
  readonly rules: WebhookRules;
  readonly serviceName: string;
}

/** Requests in one call, which takes a few seconds on DynamoDB. */
const PAGE = 100;

/** Sends the outcomes of a page of requests to an endpoint again. @throws WebhookEndpointRefused */
export async function replayWindow(
  endpoint: WebhookEndpoint,
  tenant: string | undefined,
  window: ReplayWindow,
  { index, queue, rules, serviceName }: ReplayTools,
): Promise<Replayed> {
  assertWindow(window);
  const { from, to, cursor, endedBefore, dryRun = false } = window;
  const first = from.toISOString();
  const { records, next } = await index.list({ tenant, after: cursor ?? to?.toISOString(), limit: PAGE });
  const inWindow = records.filter(({ createdAt }) => createdAt >= from.getTime());
  const webhooks = inWindow
    .filter(({ outcome }) => !endedBefore || (outcome && outcome.endedAt < endedBefore.getTime()))
    .flatMap((record) => webhookTo(endpoint, record, rules, serviceName));
  if (!dryRun) await sendWebhooks(webhooks, queue);
  // Positions sort by time, and begin with it.
  const isDone = next === undefined || next < first;
  return { examined: inWindow.length, sent: webhooks.length, ...(isDone ? {} : { next }) };
}

function webhookTo(
  endpoint: WebhookEndpoint,
  { outcome }: RequestRecord,
  rules: WebhookRules,
  serviceName: string,
): WebhookMessage[] {
  if (!outcome || !wants(endpoint, outcome.status, outcome.topic, rules)) return [];
  return [webhookOf(outcome, { url: endpoint.url, endpoint: endpoint.id }, serviceName)];
}

/** @throws WebhookEndpointRefused */
function assertWindow({ from, to, cursor, endedBefore }: ReplayWindow): void {
  assertTime('from', from);
  if (to) assertTime('to', to);
  if (endedBefore) assertTime('endedBefore', endedBefore);
  if (to && from >= to) {
    throw refused(`from must be before to, got from ${from.toISOString()} and to ${to.toISOString()}`);
  }
  if (cursor !== undefined && !isPosition(cursor)) {
    throw refused(`cursor must be the \`next\` of a previous call, got ${quote(cursor)}`);
  }
}

function assertTime(name: string, time: Date): void {
  const problem = timeProblem(time.getTime());
  if (problem !== undefined) throw refused(`${name} ${problem}`);
}

function refused(problem: string): WebhookEndpointRefused {
  return new WebhookEndpointRefused('replay_invalid', problem);
}
