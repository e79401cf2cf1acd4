import type { ActionTarget } from '../../core/model/action.ts';
import { identityDigest } from '../../core/model/request-id.ts';
import { PlanRefused } from '../../core/operations/errors.ts';
import { isFor } from '../../core/operations/letter-rules.ts';
import { factsOf, matches } from '../../core/operations/request-facts.ts';
import { failedTargets, targetOf } from '../../core/operations/request-target.ts';
import type { ActionPlan } from '../../core/ports/action-targets.ts';
import { unendedRecords } from '../../stores/sqlite/unended-records.ts';
import { deadLettersIn } from '../redrive.ts';
import type { ActionParts } from './action-parts.ts';
import { letterStateOf, type OpenedLetter, openLetter } from './opened-letter.ts';

/** Requests that an action is for, in pages. */
type Found = AsyncGenerator<readonly ActionTarget[], void>;

/** Finds the requests that a plan is for. @throws PlanRefused for a rehearsal that no process can do */
export function findTargets(plan: ActionPlan, parts: ActionParts): Found {
  if (plan.action === 'rehearse' && parts.hasTakers) {
    throw new PlanRefused(
      'action_invalid',
      'rehearse needs a processor in the service: the programs that take its requests by POST /v1/jobs/receive know no rehearsals',
    );
  }
  if (plan.action === 'cancel') return findUnended(plan, parts);
  return plan.payload ? findFailed(plan, parts) : findDeadLetters(plan, parts);
}

async function* findUnended({ filter }: ActionPlan, { storage }: ActionParts): Found {
  for await (const page of unendedRecords(storage.file)) {
    const now = storage.clock.now();
    const found = page.filter(
      ({ record, keptUntil }) =>
        // A request that is being cancelled needs no other cancellation.
        keptUntil > now && record.status !== 'cancelling' && matches(factsOf(record, now), filter),
    );
    yield found.map(({ record }) => targetOf(record, now));
  }
}

async function* findFailed({ filter }: ActionPlan, { storage, intake }: ActionParts): Found {
  yield failedTargets(filter, intake.records, storage.clock.now());
}

async function* findDeadLetters({ action, filter }: ActionPlan, parts: ActionParts): Found {
  const { storage, intake, settings } = parts;
  const now = storage.clock.now();
  const listed = new Set<string>();
  for await (const page of deadLettersIn(storage).pages(now)) {
    const opened = await Promise.all(page.map((letter) => openLetter(letter, intake.records, settings, now)));
    yield opened.flatMap((each) => {
      if (!matches(each.facts, filter) || !isFor(action, letterStateOf(each))) return [];
      // Of several dead letters of a request, one runs it again.
      const key = identityDigest('record', each.request);
      if (action !== 'purge' && listed.has(key)) return [];
      listed.add(key);
      return [letterTarget(each)];
    });
  }
}

function letterTarget({ letter, request, facts, redrive, record }: OpenedLetter): ActionTarget {
  const { id, source, tenant } = request;
  const redrives = redrive ?? record?.redrives ?? 0;
  return { id, source, tenant, status: facts.status, letter: String(letter.number), redrives };
}
