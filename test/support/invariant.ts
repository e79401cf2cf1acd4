import { outcomeId } from '../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';

/** The end of a handler: a success, a permanent failure, or a failure to retry. */
export type HandlerEnd = 'succeeded' | 'refused' | 'failed';

/** A run of a handler, from its own view. Times are milliseconds since 1970. */
export interface HandlerRun {
  /** Whether it began to save a checkpoint, which may suspend it. */
  readonly saves?: boolean;
  readonly requestId: string;
  readonly attempt: number;
  readonly beganAt: number;
  /** Until then no other attempt may run the request. */
  readonly leaseEndsAt: number;
  /** Absent if it never ended: its process died or hangs. */
  readonly end?: { readonly at: number; readonly how: HandlerEnd };
}

/** A published outcome. */
export interface PublishedOutcome {
  readonly requestId: string;
  /** Id of the event. */
  readonly id: string;
  readonly status: string;
  /** The whole event, as text. */
  readonly text: string;
  /** The attempt in the result, if the result is inline. */
  readonly attempt?: number;
}

/** All traces of requests after everything has ended. */
export interface Remains {
  /** Ids of requests that were certainly accepted. */
  readonly accepted: Iterable<string>;
  /** Ids of requests whose client got no answer. */
  readonly unsure: Iterable<string>;
  readonly records: readonly RequestRecord[];
  readonly published: readonly PublishedOutcome[];
  /** Request ids of the messages in the dead-letter queue. */
  readonly deadLetters: readonly string[];
  /** Messages in the input queue. */
  readonly waiting: number;
  readonly runs: readonly HandlerRun[];
}

/** A broken promise. */
export interface Violation {
  readonly requestId: string;
  readonly problem: string;
}

/** Times are whole milliseconds, rounded separately. */
const ROUNDING_MILLISECONDS = 2;

/**
 * Checks the promises for every request: an accepted request ends exactly once; its outcome is published at least once
 * and is always the same; no attempt runs after the end is recorded, or beside another one during its lease; and a
 * request is dead-lettered only with its message in the dead-letter queue.
 */
export function violationsOf(remains: Remains): Violation[] {
  const records = Map.groupBy(remains.records, ({ request }) => request.id);
  const published = Map.groupBy(remains.published, ({ requestId }) => requestId);
  const runs = Map.groupBy(remains.runs, ({ requestId }) => requestId);
  const deadLetters = new Set(remains.deadLetters);
  const violations: Violation[] = [];
  const blame = (requestId: string, problems: readonly string[]) =>
    violations.push(...problems.map((problem) => ({ requestId, problem })));

  if (remains.waiting > 0) blame('', [`${remains.waiting} messages are left in the input queue`]);
  const accepted = new Set(remains.accepted);
  const known = new Set([...accepted, ...remains.unsure]);
  for (const id of accepted) if (!records.has(id)) blame(id, ['it was accepted and has no record']);
  for (const id of new Set([...records.keys(), ...published.keys(), ...runs.keys(), ...deadLetters])) {
    if (!known.has(id)) blame(id, ['it was never submitted']);
    if (!records.has(id)) blame(id, ['it left traces and has no record']);
  }
  for (const [id, [record, ...others]] of records) {
    if (!record) continue;
    if (others.length > 0) blame(id, [`it has ${others.length + 1} records`]);
    const isDeadLetter = deadLetters.has(id);
    blame(id, endProblems(record, isDeadLetter));
    blame(id, publicationProblems(record, isDeadLetter, published.get(id) ?? [], runs.get(id) ?? []));
    blame(id, runProblems(record, runs.get(id) ?? []));
  }
  return violations;
}

/** SQS moved the message before the engine could record it: a redrive can return it. */
function leftIn(isDeadLetter: boolean): string {
  return isDeadLetter ? ', and its message is in the dead-letter queue' : '';
}

function endProblems({ outcome, status, attemptsExhausted }: RequestRecord, isDeadLetter: boolean): string[] {
  if (!outcome || outcome.status !== status) return [`it is ${status}${leftIn(isDeadLetter)}`];
  return attemptsExhausted && !isDeadLetter
    ? ['it used up its attempts and its message is not in the dead-letter queue']
    : [];
}

/** After a redrive, an earlier outcome may also be published. */
function publicationProblems(
  { outcome, redrives }: RequestRecord,
  isDeadLetter: boolean,
  published: readonly PublishedOutcome[],
  runs: readonly HandlerRun[],
): string[] {
  if (!outcome) return published.length > 0 ? ['an outcome was published that is not recorded'] : [];
  const id = outcomeId(outcome);
  if (!published.some((each) => each.id === id))
    return [`its outcome was never published${leftIn(isDeadLetter)}`];
  if (redrives) return [];
  const texts = new Set(published.map(({ text }) => text));
  const contents = texts.size > 1 ? [`${texts.size} different events were published`] : [];
  const succeeded = new Set(runs.flatMap(({ attempt, end }) => (end?.how === 'succeeded' ? [attempt] : [])));
  const strangers = published.flatMap((each) => {
    if (each.id !== id || each.status !== outcome.status) {
      return [`it ended as ${outcome.status}, and ${each.status} was published`];
    }
    if (each.attempt === undefined || succeeded.has(each.attempt)) return [];
    return [`the result of attempt ${each.attempt} was published, which didn't succeed`];
  });
  return [...contents, ...strangers];
}

function runProblems(record: RequestRecord, runs: readonly HandlerRun[]): string[] {
  const inTurn = runs.toSorted((one, other) => one.attempt - other.attempt || one.beganAt - other.beganAt);
  return [
    ...inTurn.flatMap((run, index) => overlapProblems(inTurn[index - 1], run)),
    ...inTurn.flatMap((run) => latenessProblems(record, run)),
    ...evidenceProblems(record, runs),
  ];
}

function overlapProblems(before: HandlerRun | undefined, run: HandlerRun): string[] {
  if (!before) return [];
  // A checkpoint that suspends an attempt ends its lease: the next run continues it.
  if (before.attempt === run.attempt && before.saves) return [];
  if (before.attempt === run.attempt) return [`attempt ${run.attempt} was run twice`];
  if (before.end && before.end.at <= run.beganAt) return [];
  const early = before.leaseEndsAt - ROUNDING_MILLISECONDS - run.beganAt;
  if (early <= 0) return [];
  return [`attempt ${run.attempt} began ${early} ms before the lease of ${before.attempt} ended`];
}

/** A claim updates the record, and only an attempt with a claim runs. */
function latenessProblems(
  { attempts, updatedAt }: RequestRecord,
  { attempt, beganAt }: HandlerRun,
): string[] {
  if (attempt <= attempts && beganAt <= updatedAt + ROUNDING_MILLISECONDS) return [];
  return [`attempt ${attempt} was run after the end of attempt ${attempts} was recorded`];
}

/** Every success and every refusal comes from a handler. */
function evidenceProblems(
  { outcome, attemptsExhausted }: RequestRecord,
  runs: readonly HandlerRun[],
): string[] {
  const ended = (how: HandlerEnd) => runs.some(({ end }) => end?.how === how);
  if (outcome?.status === 'succeeded' && !ended('succeeded')) return ['it succeeded, and no handler did'];
  if (outcome?.status === 'failed' && !attemptsExhausted && !ended('refused')) {
    return [`it failed (${outcome.problem.code}), and no handler refused it`];
  }
  return [];
}

/** The successes of each request whose handler succeeded more than once: only the last one was recorded. */
export function repeatedSuccesses<Run extends HandlerRun>(runs: readonly Run[]): Run[][] {
  const successes = Map.groupBy(
    runs.filter(({ end }) => end?.how === 'succeeded'),
    ({ requestId }) => requestId,
  );
  return [...successes.values()].filter(({ length }) => length > 1);
}
