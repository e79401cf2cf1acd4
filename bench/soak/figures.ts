import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { repeatedSuccesses } from '../../test/support/invariant.ts';
import type { Row } from '../support/report.ts';
import { sumOf } from '../support/statistics.ts';
import { behaviourOf } from './behaviour.ts';
import type { ChaosProxy } from './chaos-proxy.ts';
import { DOORS, type HandedIn } from './hand-in.ts';
import type { SoakRemains } from './remains.ts';
import { type Trace, wasKilled } from './trace.ts';

/** Figures of a soak, one per row. */
export function figuresOf(
  { records, published, deadLetters, trace }: SoakRemains,
  handedIn: readonly HandedIn[],
  proxy: ChaosProxy,
): Row[] {
  const ended = (status: string) => records.filter((record) => record.status === status).length;
  const byDoor = DOORS.map((door): [string, number] => [
    `accepted by ${door}`,
    handedIn.filter((each) => each.door === door && each.ids.size > 0).length,
  ]);
  const unanswered = handedIn.filter(({ ids }) => ids.size === 0).length;
  const figures: [string, number][] = [
    ...byDoor,
    ['accepted, all', handedIn.length - unanswered],
    ['handed in without an answer', unanswered],
    ['of these accepted', records.length - handedIn.length + unanswered],
    ['records', records.length],
    ['succeeded', ended('succeeded')],
    ...failures(records),
    ['expired', ended('expired')],
    ['in flight', records.filter(({ outcome }) => !outcome).length],
    ['requests in the dead-letter queue', new Set(deadLetters).size],
    ['put back by a late duplicate', sumOf(records, ({ redrives = 0 }) => redrives)],
    ['handler runs', trace.runs.length],
    ['runs that never ended', trace.runs.filter(({ end }) => !end).length],
    ['most attempts of a request', Math.max(...records.map(({ attempts }) => attempts))],
    ['processes killed', sumOf(trace.kills.values(), ({ length }) => length)],
    ['outcomes published', published.length],
    ['of these again', published.length - new Set(published.map(({ id }) => id)).size],
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
export function toldOfRepeated(trace: Trace, seed: number): string {
  const firsts = repeatedSuccesses(trace.runs).flatMap(([first]) => (first ? [first] : []));
  const why = Map.groupBy(firsts, (first) => {
    if (wasKilled(first, trace)) return 'its process was killed before the success was recorded';
    const behaviour = behaviourOf(seed, first.request, first.attempt);
    if (behaviour === 'hang') return 'it had ended after its time';
    if (behaviour === 'stored result') return 'its result or the success could not be stored';
    return 'the success could neither be recorded nor left behind';
  });
  const reasons = [...why].map(([reason, each]) => `; ${each.length} since ${reason}`).join('');
  return `${firsts.length} requests' handlers succeeded more than once${reasons}.`;
}
