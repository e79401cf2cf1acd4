import { confirm } from '../../terminal/confirm.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import type { Chore, Result } from './chore.ts';
import type { DeadLetter } from './dead-letter.ts';
import { requestsMeant } from './letter-filter.ts';
import { type LetterBatch, type LetterSource, type LetterWalk, lettersOf } from './letters.ts';
import { type ChoreOptions, filterOf } from './options.ts';
import { formatResults, printDealt, Tally } from './report.ts';

/** What is done, and to which letters. */
export interface SweepPlan {
  /** For people: `putting back`. */
  readonly doing: string;
  readonly chore: Chore;
  /** Most letters in a second. */
  readonly perSecond: number;
  /** Of requests or messages; of any when empty. */
  readonly ids: readonly string[];
  readonly options: ChoreOptions;
}

/**
 * Does something with all letters that are meant: goes through the queue to see what would be done, asks, and goes
 * through it again, dealing with letters as they come.
 */
export async function sweep(source: LetterSource, plan: SweepPlan, run: Run): Promise<void> {
  const { dryRun, yes } = plan.options;
  if (yes && !dryRun) return reportMissing(await deal(source, plan, run), run);
  const { isWanted, missing } = await foresee(source, plan, run);
  reportMissing(missing, run);
  if (isWanted && (await confirm('Go on?', run.signal))) await deal(source, plan, run);
}

/** Ids there was no letter of. */
type Missing = ReadonlySet<string>;

/** Says what would be done. @returns whether that is anything, and to be done */
async function foresee(source: LetterSource, plan: SweepPlan, run: Run) {
  const { chore, options } = plan;
  const foreseen = new Tally<Result>();
  const doing = 'looking through the dead letters';
  const missing = await eachBatch(source, plan, run, doing, async (letters) => {
    for (const letter of letters) {
      const result = chore.foresee(letter);
      foreseen.add(result);
      if (options.dryRun) await printDealt({ letter, result }, meant(letter, plan), options);
    }
  });
  note(`would be ${formatResults(foreseen)}`);
  return { isWanted: !options.dryRun && TAKING.some((result) => foreseen.of(result) > 0), missing };
}

/** What takes a letter away. */
const TAKING: readonly Result[] = ['put_back', 'settled', 'deleted'];

async function deal(source: LetterSource, plan: SweepPlan, run: Run): Promise<Missing> {
  const dealt = new Tally<Result>();
  try {
    return await eachBatch(source, plan, run, plan.doing, async (letters, board) => {
      for await (const each of plan.chore.deal(letters, run.signal)) {
        const { letter, result, problem } = each;
        dealt.add(result);
        if (problem !== undefined) board.aside(() => fail(problem, letter.message.id, run));
        await printDealt(each, meant(letter, plan), plan.options);
      }
    });
  } finally {
    note(formatResults(dealt));
  }
}

/** Goes through the letters that are meant once. */
async function eachBatch(
  source: LetterSource,
  plan: SweepPlan,
  run: Run,
  doing: string,
  work: (letters: LetterBatch['letters'], board: ProgressBoard) => Promise<void>,
): Promise<Missing> {
  const missing = new Set(plan.ids);
  using board = new ProgressBoard();
  const progress = board.begin(doing);
  const total = await source.queue.count();
  let passed = 0;
  for await (const batch of lettersOf(source, walkOf(plan, run))) {
    for (const letter of batch.letters) for (const id of idsOf(letter)) missing.delete(id);
    await work(batch.letters, board);
    passed += batch.passed;
    progress.note(formatProgress(passed, Math.max(total, passed), formatCount));
  }
  return missing;
}

function reportMissing(missing: Missing, run: Run): void {
  for (const id of missing) fail('it has no dead letter that is meant', id, run);
}

function walkOf({ perSecond, ids, options }: SweepPlan, { signal }: Run): LetterWalk {
  const { limit = Number.POSITIVE_INFINITY } = options;
  return { filter: filterOf(options, ids), limit, perSecond, signal };
}

function meant(letter: DeadLetter, { options, ids }: SweepPlan) {
  return requestsMeant(letter, filterOf(options, ids));
}

function idsOf({ message, requests }: DeadLetter): string[] {
  return [message.id, ...requests.map(({ described }) => described.id)];
}

function fail(problem: string, id: string, { exit }: Run): void {
  reportError(problem, id);
  exit.add(EXIT.error);
}
