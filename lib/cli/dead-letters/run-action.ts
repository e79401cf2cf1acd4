import type { DeadLetter } from '../../aws/dead-letter.ts';
import type { AliasRouting } from '../../aws/function-alias.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import type { ActionResult, DeadLetterAction } from './action.ts';
import { matchingRequests } from './filter.ts';
import { type DeadLetterFilterOptions, filterOf } from './options.ts';
import { formatResults, printHandled, Tally } from './report.ts';
import {
  type DeadLetterBatch,
  type DeadLetterSource,
  type DeadLetterWalkOptions,
  walkDeadLetters,
} from './walk.ts';

/** An action and the dead letters it applies to. */
export interface ActionPlan {
  /** Progress text: `putting back`. */
  readonly doing: string;
  readonly action: DeadLetterAction;
  /** Most dead letters in a second. */
  readonly perSecond: number;
  /** Ids of requests or messages; empty selects all. */
  readonly ids: readonly string[];
  readonly options: DeadLetterFilterOptions & { readonly dryRun?: true };
  /** Decides how many to handle at most, when it is known how many would be. @default - all, and none is looked at before */
  readonly approve?: (found: number) => Promise<number>;
  /** Which versions run what is put back. */
  readonly runBy?: AliasRouting;
}

/**
 * Runs an action on all matching dead letters. Walks through the queue for a preview, asks for approval, then walks
 * through it again and handles each dead letter.
 */
export async function runAction(source: DeadLetterSource, plan: ActionPlan, run: Run): Promise<void> {
  const { options, approve } = plan;
  const { dryRun, limit = Number.POSITIVE_INFINITY } = options;
  if (!approve && !dryRun) return reportMissing(await execute(source, plan, run), run);
  const { found, missing } = await previewAll(source, plan, run);
  reportMissing(missing, run);
  const most = dryRun || !approve ? 0 : await approve(found);
  if (most === 0) return;
  await execute(source, { ...plan, options: { ...options, limit: Math.min(limit, most) } }, run);
}

/** Ids without a dead letter. */
type Missing = ReadonlySet<string>;

/** Prints what would be done. @returns how many dead letters would leave the queue */
async function previewAll(source: DeadLetterSource, plan: ActionPlan, run: Run) {
  const { action, options } = plan;
  const previewed = new Tally<ActionResult>();
  const doing = 'reading the dead letters';
  const missing = await eachBatch(source, plan, run, doing, async (letters) => {
    for (const letter of letters) {
      const result = action.preview(letter);
      previewed.add(result);
      if (options.dryRun) await printHandled({ letter, result }, matchingOf(letter, plan), plan);
    }
  });
  note(`would be ${formatResults(previewed)}`);
  return { found: REMOVING.reduce((sum, result) => sum + previewed.of(result), 0), missing };
}

/** Results that remove a dead letter from the queue. */
const REMOVING: readonly ActionResult[] = ['put_back', 'settled', 'deleted'];

async function execute(source: DeadLetterSource, plan: ActionPlan, run: Run): Promise<Missing> {
  const handled = new Tally<ActionResult>();
  try {
    return await eachBatch(source, plan, run, plan.doing, async (letters) => {
      for await (const each of plan.action.run(letters, run.signal)) {
        const { letter, result, problem } = each;
        handled.add(result);
        if (problem !== undefined) ProgressBoard.aside(() => fail(problem, letter.message.id, run));
        await printHandled(each, matchingOf(letter, plan), plan);
      }
    });
  } finally {
    note(formatResults(handled));
  }
}

/** Walks through the matching dead letters once. */
async function eachBatch(
  source: DeadLetterSource,
  plan: ActionPlan,
  run: Run,
  doing: string,
  work: (letters: DeadLetterBatch['letters']) => Promise<void>,
): Promise<Missing> {
  const missing = new Set(plan.ids);
  using board = new ProgressBoard();
  const progress = board.begin(doing);
  const total = await source.queue.count();
  let received = 0;
  for await (const batch of walkDeadLetters(source, walkOf(plan, run))) {
    for (const letter of batch.letters) for (const id of idsOf(letter)) missing.delete(id);
    await work(batch.letters);
    received += batch.received;
    progress.note(formatProgress(received, Math.max(total, received), formatCount));
  }
  return missing;
}

function reportMissing(missing: Missing, run: Run): void {
  for (const id of missing) fail('no matching dead letter', id, run);
}

function walkOf({ perSecond, ids, options }: ActionPlan, { signal }: Run): DeadLetterWalkOptions {
  const { limit = Number.POSITIVE_INFINITY } = options;
  return { filter: filterOf(options, ids), limit, perSecond, signal };
}

function matchingOf(letter: DeadLetter, { options, ids }: ActionPlan) {
  return matchingRequests(letter, filterOf(options, ids));
}

function idsOf({ message, requests }: DeadLetter): string[] {
  return [message.id, ...requests.map(({ described }) => described.id)];
}

function fail(problem: string, id: string, { exit }: Run): void {
  reportError(problem, id);
  exit.add(EXIT.error);
}
