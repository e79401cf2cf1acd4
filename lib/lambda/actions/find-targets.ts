import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { ActionTarget } from '../../core/model/action.ts';
import { positionBefore } from '../../core/model/record-position.ts';
import { identityDigest } from '../../core/model/request-id.ts';
import { PlanRefused } from '../../core/operations/errors.ts';
import { isFor } from '../../core/operations/letter-rules.ts';
import { factsOf, matches } from '../../core/operations/request-facts.ts';
import { failedTargets, targetOf } from '../../core/operations/request-target.ts';
import type { ActionPlan } from '../../core/ports/action-targets.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { RecordIndex } from '../../core/ports/record-store.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import { type OpenedLetter, openLetter } from './opened-letter.ts';

/** Where the requests of actions are found. */
export interface FindingParts {
  readonly records: Pick<RequestRecords, 'find'>;
  readonly index: RecordIndex;
  /** Opens the dead-letter queue for one walk: several may go on. */
  readonly deadLetters: () => Pick<DeadLetterQueue, 'walk'>;
  readonly clock: Clock;
  /** Whether the processor can be invoked. */
  readonly canRehearse: boolean;
}

/** Requests that an action is for, in pages. */
type Found = AsyncGenerator<readonly ActionTarget[], void>;

/** How long a plan may take to list its requests: API Gateway waits for 30 seconds. */
const FINDING_MILLISECONDS = 20_000;

/** Records in a page of a list. */
const PAGE_SIZE = 100;

/** The walk of a plan reads as fast as it can, since it changes nothing. */
const LETTERS_PER_SECOND = 1_000;

/** An item of DynamoDB has room for 400 KB, and the payload is stored with the action. */
const MAX_EDITED_BYTES = 200 * 1024;

/**
 * Finds the requests that a plan is for.
 * @throws PlanRefused if that takes too long, no item has room for its payload, or nothing can rehearse it
 */
export async function* findTargets(plan: ActionPlan, parts: FindingParts): Found {
  if (plan.action === 'rehearse' && !parts.canRehearse) {
    throw new PlanRefused(
      'action_invalid',
      'rehearse needs a processor on Lambda, which can be invoked, and that of this service runs on Fargate',
    );
  }
  const bytes = Buffer.byteLength(plan.payload?.base64 ?? '', 'base64');
  if (bytes > MAX_EDITED_BYTES) {
    throw new PlanRefused(
      'action_invalid',
      `payload of a retry has at most ${MAX_EDITED_BYTES} bytes on AWS, got ${bytes}: submit it as a new request`,
    );
  }
  if (plan.action === 'cancel') yield* findUnended(plan, parts);
  else if (plan.payload) yield failedTargets(plan.filter, parts.records, parts.clock.now());
  else yield* findDeadLetters(plan, parts);
}

/** Finds the requests of one tenant, or those without a tenant: the index has a list for each. */
async function* findUnended({ filter }: ActionPlan, { index, clock }: FindingParts): Found {
  const end = clock.now() + FINDING_MILLISECONDS;
  const tenant = filter.tenant || undefined;
  // A request that hasn't ended is compared by its submission, whatever time the filter gives. The list is in that order.
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter;
  const oldest = Math.max(since, filter.createdSince ?? since);
  const newest = Math.min(until, filter.createdUntil ?? until);
  let after = Number.isFinite(newest) ? positionBefore(newest) : undefined;
  do {
    const page = await index.list({ tenant, after, limit: PAGE_SIZE });
    const now = clock.now();
    if (now > end) throw tooSlow('The requests of the tenant', 'narrow the filter by createdSince');
    yield page.records
      .filter(
        // A request that is being cancelled needs no other cancellation.
        (record) =>
          !record.outcome && record.status !== 'cancelling' && matches(factsOf(record, now), filter),
      )
      .map((record) => targetOf(record, now));
    if ((page.records.at(-1)?.createdAt ?? oldest) < oldest) return;
    after = page.next;
  } while (after !== undefined);
}

async function* findDeadLetters({ action, filter }: ActionPlan, parts: FindingParts): Found {
  const { records, deadLetters, clock } = parts;
  const never = new AbortController().signal;
  const now = clock.now();
  const found: ActionTarget[] = [];
  for await (const messages of deadLetters().walk(LETTERS_PER_SECOND, never)) {
    if (clock.now() > now + FINDING_MILLISECONDS) {
      throw tooSlow('The dead letters', 'redrive or purge some with npx coatcheck dead-letters first');
    }
    const opened = await Promise.all(messages.map((message) => openLetter(message, records, now)));
    const matching = opened.filter((each) => matches(each.facts, filter) && isFor(action, each));
    found.push(...matching.map(letterTarget));
  }
  yield action === 'purge' ? found : onePerRequest(found);
}

/** Of several dead letters of a request, only one runs it again: the same one in whatever order SQS returns them. */
function onePerRequest(targets: readonly ActionTarget[]): ActionTarget[] {
  const byRequest = Map.groupBy(targets, (target) => identityDigest('record', target));
  return [...byRequest.values()].flatMap((those) => those.toSorted(byRedriveAndLetter).slice(0, 1));
}

function byRedriveAndLetter(one: ActionTarget, other: ActionTarget): number {
  const { redrives = 0, letter = '' } = one;
  return (other.redrives ?? 0) - redrives || letter.localeCompare(other.letter ?? '');
}

function tooSlow(what: string, remedy: string): PlanRefused {
  const seconds = FINDING_MILLISECONDS / 1_000;
  return new PlanRefused(
    'plan_too_large',
    `${what} are too many to be read in ${seconds} seconds, the longest that a plan may take: ${remedy}`,
  );
}

function letterTarget({ letter, request, facts, record }: OpenedLetter): ActionTarget {
  const { id, source, tenant } = request;
  const redrives = letter.redrive ?? record?.redrives ?? 0;
  return { id, source, tenant, status: facts.status, letter: letter.message.id, redrives };
}
