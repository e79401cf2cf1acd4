import { type DeadLetter, decideLetter } from '../../../aws/dead-letter.ts';
import { isSeenBefore, type RehearsedLetter, rehearseLetters } from '../../../aws/rehearse-letters.ts';
import type { Rehearsal } from '../../../core/model/rehearsal.ts';
import type { Rehearser } from '../../../core/ports/rehearser.ts';
import { confirm } from '../../../terminal/confirm.ts';
import { formatCount, formatProgress } from '../../../terminal/format.ts';
import { isForPeople, note, printable, printCells, printJson, printRows } from '../../../terminal/output.ts';
import { ProgressBoard } from '../../../terminal/progress-board.ts';
import { EXIT } from '../../exit-status.ts';
import type { Run } from '../../run.ts';
import type { TokenBucket } from '../../token-bucket.ts';
import { matchingRequests } from '../filter.ts';
import { type ActionOptions, filterOf } from '../options.ts';
import { deadLetterResource, Tally } from '../report.ts';
import type { DeadLetterService } from '../service.ts';
import { summarize } from '../summary.ts';
import { walkDeadLetters } from '../walk.ts';

/** What to rehearse, and how. */
export interface RehearsalPlan {
  /** Ids of requests or messages; empty selects all. */
  readonly ids: readonly string[];
  readonly options: ActionOptions;
  readonly rehearser: Rehearser;
  readonly bucket: TokenBucket;
  readonly perSecond: number;
}

/** The codes that requests fail with again, by what would become of them. */
type Findings = Readonly<Record<Rehearsal['result'], Tally<string>>>;

/** Rehearses all matching dead letters that a redrive would put back, and reports what would become of them. */
export async function runRehearsal(service: DeadLetterService, plan: RehearsalPlan, run: Run): Promise<void> {
  const { options, ids, rehearser, bucket, perSecond } = plan;
  const { signal, exit } = run;
  const total = await service.queue.count();
  note(
    `the handler runs for up to ${formatCount(total)} dead letters; its own effects aren't undone: it must skip them when request.isRehearsal is true`,
  );
  if (!options.yes && !(await confirm('Continue?', signal))) return;
  const { limit = Number.POSITIVE_INFINITY } = options;
  const filter = filterOf(options, ids);
  const report = new Report(plan);
  const seen = new Set<string>();
  using board = new ProgressBoard();
  const progress = board.begin('rehearsing');
  let received = 0;
  for await (const batch of walkDeadLetters(service, { filter, limit, perSecond, signal })) {
    const due = batch.letters.filter((letter) => isPutBack(letter) && !isSeenBefore(letter, seen));
    report.skipped += batch.letters.length - due.length;
    while (due.length > 0) {
      const some = due.splice(0, bucket.capacity);
      await bucket.take(some.length, signal);
      for (const each of await rehearseLetters(some, rehearser, signal)) await report.add(each);
    }
    received += batch.received;
    progress.note(formatProgress(received, Math.max(total, received), formatCount));
  }
  board[Symbol.dispose]();
  report.print();
  if (report.count('fails') > 0) exit.add(EXIT.failed);
  if (report.count('undecided') > 0) exit.add(EXIT.notEnded);
}

function isPutBack(letter: DeadLetter): boolean {
  return decideLetter(letter) === 'put_back';
}

/** What became of the requests, by the code that they failed with before. */
class Report {
  /** Dead letters that a redrive wouldn't put back. */
  skipped = 0;
  readonly #plan: RehearsalPlan;
  readonly #byCode = new Map<string, Findings>();

  constructor(plan: RehearsalPlan) {
    this.#plan = plan;
  }

  /** Counts the requests of a dead letter, and prints a line for each; on a terminal, a table follows. */
  async add({ letter, requests }: RehearsedLetter): Promise<void> {
    const { options, ids } = this.#plan;
    for (const request of matchingRequests(letter, filterOf(options, ids))) {
      const { described } = request;
      const found = requests.find(({ id, source, tenant }) => {
        return id === described.id && source === described.source && tenant === described.tenant;
      });
      if (!found) continue;
      const { result, code, message } = found;
      this.#findingsOf(summarize(request).code)[result].add(code ?? result);
      if (isForPeople(options)) continue;
      await (options.json
        ? printJson({ ...deadLetterResource(request, letter), rehearsal: { result, code, message } })
        : printCells([described.id, result, code ?? '']));
    }
  }

  count(result: Rehearsal['result']): number {
    return [...this.#byCode.values()].reduce((sum, findings) => sum + findings[result].total, 0);
  }

  print(): void {
    const rows = [...this.#byCode].map(([code, { succeeds, fails, undecided }]) => [
      code,
      formatCount(succeeds.total),
      formatCount(fails.total),
      formatCount(undecided.total),
      [fails, undecided].flatMap((tally) => tally.format() || []).join(', '),
    ]);
    if (isForPeople(this.#plan.options))
      printRows(['failed with', 'would succeed', 'would fail', 'undecided', 'with'], rows, ['undecided']);
    const [good, bad, open] = (['succeeds', 'fails', 'undecided'] as const).map((each) => this.count(each));
    note(
      `${formatCount(good ?? 0)} would succeed, ${formatCount(bad ?? 0)} would fail, ${formatCount(open ?? 0)} undecided` +
        (this.skipped > 0 ? `; ${formatCount(this.skipped)} would not be put back` : ''),
    );
    for (const command of this.#commands())
      note(printable(`to put back those that would succeed: ${command}`));
  }

  /** Commands that put back requests all of which would succeed. */
  #commands(): string[] {
    const { options, ids } = this.#plan;
    if (this.count('succeeds') === 0) return [];
    const redrive = 'npx coatcheck dead-letters redrive';
    const { code, failureGroup, tenant, metadata, since, until, limit } = options;
    const selects = [code, failureGroup, tenant, metadata, since, until, limit].some(
      (each) => each !== undefined,
    );
    const same = ids.length > 0 || selects ? ', with the same selection' : '';
    if (this.count('fails') + this.count('undecided') === 0) return [`${redrive}${same}`];
    if (ids.length > 0 || code !== undefined) return [];
    const good = [...this.#byCode].filter(([, { fails, undecided }]) => fails.total + undecided.total === 0);
    return good.map(([each]) => `${redrive} --code ${JSON.stringify(each)}${same}`);
  }

  #findingsOf(code: string): Findings {
    const known = this.#byCode.get(code);
    if (known) return known;
    const findings = {
      succeeds: new Tally<string>(),
      fails: new Tally<string>(),
      undecided: new Tally<string>(),
    };
    this.#byCode.set(code, findings);
    return findings;
  }
}
