import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { repeatedSuccesses } from '../../test/support/invariant.ts';
import type { Row } from '../support/report.ts';
import { sumOf } from '../support/statistics.ts';
import { behaviourOf } from './behaviour.ts';
import type { ChaosProxy } from './chaos-proxy.ts';
import type { SoakRemains } from './remains.ts';
import { DOORS, type SoakSubmission } from './submissions.ts';
import { type Trace, wasKilled } from './trace.ts';

/** Figures of a soak, one per row. */
export function figuresOf(
  { records, published, deadLetters, trace }: SoakRemains,
  submissions: readonly SoakSubmission[],
  proxy: ChaosProxy,
): Row[] {
  const ended = (status: string) => records.filter((record) => record.status === status).length;
  const byDoor = DOORS.map((door): [string, number] => [
    `accepted by ${door}`,
    submissions.filter((each) => each.door === door && each.ids.size > 0).length,
  ]);
  const unanswered = submissions.filter(({ ids }) => ids.size === 0).length;
  const figures: [string, number][] = [
    ...byDoor,
    ['accepted, known to their clients', submissions.length - unanswered],
    ['submitted without an answer', unanswered],
    ['accepted, unknown to their clients', records.length - submissions.length + unanswered],
    ['accepted', records.length],
    ['succeeded', ended('succeeded')],
    ...failures(records),
    ['expired', ended('expired')],
    ['in flight', records.filter(({ outcome }) => !outcome).length],
    ['requests in the dead-letter queue', new Set(deadLetters).size],
    ['redriven by a late duplicate', sumOf(records, ({ redrives = 0 }) => redrives)],
    ['handler runs', trace.runs.length],
    ['of these, never ended', trace.runs.filter(({ end }) => !end).length],
    ['most attempts of a request', Math.max(...records.map(({ attempts }) => attempts))],
    ['processes killed by a handler', sumOf(trace.kills.values(), ({ length }) => length)],
    ['outcomes published', published.length],
    ['of these, published again', published.length - new Set(published.map(({ id }) => id)).size],
    ['calls', proxy.calls()],
    ...troublesOf(proxy),
  ];
  return figures.map(([figure, count]) => ({ figure, count }));
}

function failures(records: readonly RequestRecord[]): [string, number][] {
  const codes = records.flatMap(({ outcome }) =>
    outcome?.status === 'failed' ? [outcome.problem.code] : [],
  );
  return [...Map.groupBy(codes, (code) => code)]
    .toSorted()
    .map(([code, each]) => [`failed: ${code}`, each.length]);
}

function troublesOf({ troubles }: ChaosProxy): [string, number][] {
  return [...troubles].flatMap(([service, counts]) =>
    [...counts].toSorted().map(([trouble, count]): [string, number] => [`${service}: ${trouble}`, count]),
  );
}

/** Reasons why handlers succeeded more than once; a success counts once it is recorded. */
export function describeRepeatedSuccesses(trace: Trace, seed: number): string {
  const firsts = repeatedSuccesses(trace.runs).flatMap(([first]) => (first ? [first] : []));
  const why = Map.groupBy(firsts, (first) => {
    if (wasKilled(first, trace)) return 'its process was killed before the success was recorded';
    const behaviour = behaviourOf(seed, first.request, first.attempt);
    if (behaviour === 'hang') return 'the handler ended after its time';
    if (behaviour === 'stored result') return 'the large result or the success could not be stored';
    return 'the success could be neither recorded nor stored for the next attempt';
  });
  const reasons = [...why].map(([reason, each]) => `; ${each.length} because ${reason}`).join('');
  return `Handlers succeeded more than once for ${firsts.length} requests${reasons}.`;
}
