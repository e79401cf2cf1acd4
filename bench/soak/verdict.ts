import { type Violation, violationsOf } from '../../test/support/invariant.ts';
import type { HandedIn } from './hand-in.ts';
import type { SoakRemains } from './remains.ts';
import type { TracedRun } from './trace.ts';

/** Broken promises, each with the facts about its request. */
export function verdictOf(remains: SoakRemains, handedIn: readonly HandedIn[]): string[] {
  const { runs } = remains.trace;
  const unanswered = runs.filter(({ request }) => handedIn[request]?.ids.size === 0);
  const violations = violationsOf({
    ...remains,
    accepted: handedIn.flatMap(({ ids }) => [...ids]),
    unsure: unanswered.map(({ requestId }) => requestId),
    runs,
  });
  return [...violations, ...doubledRequests(runs, handedIn)].map(
    ({ requestId, problem }) => `${requestId}: ${problem}\n${historyOf(requestId, remains)}`,
  );
}

/** Each number must be one request, however often its client retried. */
function doubledRequests(runs: readonly TracedRun[], handedIn: readonly HandedIn[]): Violation[] {
  const ids = handedIn.map((each) => new Set(each.ids));
  for (const { request, requestId } of runs) ids[request]?.add(requestId);
  return ids.flatMap((each, request) =>
    each.size <= 1
      ? []
      : [{ requestId: [...each].join(', '), problem: `number ${request} is ${each.size} requests` }],
  );
}

function historyOf(id: string, { records, published, trace }: SoakRemains): string {
  const lines = [
    ...records.filter(({ request }) => request.id === id),
    ...trace.runs.filter(({ requestId }) => requestId === id),
    ...published.filter(({ requestId }) => requestId === id),
  ];
  return lines.map((line) => `    ${JSON.stringify(line)}`).join('\n');
}
