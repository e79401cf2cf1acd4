import { type Violation, violationsOf } from '../../test/support/invariant.ts';
import type { SoakRemains } from './remains.ts';
import type { SoakSubmission } from './submissions.ts';
import type { TracedRun } from './trace.ts';

/** Broken promises, each with the facts about its request. */
export function verdictOf(remains: SoakRemains, submissions: readonly SoakSubmission[]): string[] {
  const { runs } = remains.trace;
  const unanswered = runs.filter(({ request }) => submissions[request]?.ids.size === 0);
  const violations = violationsOf({
    ...remains,
    accepted: submissions.flatMap(({ ids }) => [...ids]),
    unsure: unanswered.map(({ requestId }) => requestId),
    runs,
  });
  return [...violations, ...doubledRequests(runs, submissions)].map(
    ({ requestId, problem }) => `${requestId}: ${problem}\n${historyOf(requestId, remains)}`,
  );
}

/** Each number must be one request, however often its client retried. */
function doubledRequests(runs: readonly TracedRun[], submissions: readonly SoakSubmission[]): Violation[] {
  const ids = submissions.map((each) => new Set(each.ids));
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
