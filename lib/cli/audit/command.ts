import { Command, Option } from 'commander';
import { VERDICTS, type VerdictName } from '../../core/config/audit-verdicts.ts';
import { type AuditFinding, DEFAULT_GRACE_SECONDS, remedyOf } from '../../core/operations/audit.ts';
import { runAudit } from '../../core/operations/run-audit.ts';
import { formatTime } from '../../terminal/figures.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import { readCount, readGrace } from '../quantities.ts';
import type { Run } from '../run.ts';
import { addDeploymentOptions, jsonOption } from '../service-options.ts';
import { type AuditPlace, openAudit } from './open-audit.ts';

const HEADER = ['verdict', 'ticket', 'tenant', 'since', 'what to do'] as const;

const VERDICT_NAMES = Object.keys(VERDICTS);

const EXAMPLES = `
Compares records, messages and stored objects, and names each ticket that doesn't add up. It only reads. Exits with 1 if it found
something. docs/ledger.md has all verdicts.

Examples:
  npx coatcheck audit
  npx coatcheck audit --file /var/lib/coatcheck/service.db
  npx coatcheck audit --stack Orders --json | jq -r .ticket
  npx coatcheck audit --except dead_letter_missing`;

interface AuditOptions extends AuditPlace {
  readonly grace: number;
  readonly resultAgeDays?: number;
  readonly except?: readonly VerdictName[];
  readonly json?: true;
}

/** `coatcheck audit`: names each ticket that doesn't add up. */
export function auditCommand({ signal, exit }: Run): Command {
  const command = new Command('audit').description(
    'Compare records, messages and stored objects, and name each request that does not add up.',
  );
  return addDeploymentOptions(command)
    .addOption(
      new Option('--file <path>', 'SQLite file of a service or a worker').conflicts(['stack', 'service']),
    )
    .option('--payloads <directory>', 'directory of its payloads (default: the one beside the file)')
    .option('--records-only', 'the messages are not in the file, for example because they are in a broker')
    .addOption(
      new Option('--grace <duration>', 'how long a request may be between two stores')
        .argParser(readGrace)
        .default(DEFAULT_GRACE_SECONDS, `${DEFAULT_GRACE_SECONDS}s`),
    )
    .addOption(
      new Option(
        '--result-age-days <days>',
        'how long results are kept (default: as the file says; on AWS, the default of a service)',
      ).argParser(readCount),
    )
    .addOption(new Option('--except <verdicts...>', 'verdicts to leave out').choices(VERDICT_NAMES))
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (options: AuditOptions) => {
      const found = await audit(options, signal);
      if (found > 0) exit.add(EXIT.error);
    });
}

/** @returns how many findings there are */
async function audit(options: AuditOptions, signal: AbortSignal): Promise<number> {
  const { grace, resultAgeDays } = options;
  const rules = {
    now: Date.now(),
    graceMilliseconds: grace * 1000,
    ...(resultAgeDays !== undefined && { resultAgeDays }),
  };
  await using opened = await openAudit(options, rules, signal);
  const total = await opened.source.count();
  const excepted = new Set<string>(options.except);
  const rows: string[][] = [];
  let checked = 0;
  let found = 0;
  using board = new ProgressBoard();
  const progress = board.begin('audit');
  for await (const judged of runAudit(opened.source, opened.rules)) {
    signal.throwIfAborted();
    checked += judged.filter(({ record }) => record).length;
    progress.note(formatProgress(checked, Math.max(checked, total, 1), formatCount));
    for (const finding of judged.flatMap(({ findings }) => findings)) {
      if (excepted.has(finding.verdict)) continue;
      found++;
      if (options.json) await printJson(resourceOf(finding));
      else if (isForPeople(options)) rows.push(cellsOf(finding));
      else await printCells(cellsOf(finding));
    }
  }
  progress.drop();
  printRows(HEADER, rows, ['tenant', 'since', 'what to do']);
  note(`${formatCount(checked)} requests: ${resultOf(found)}`);
  return found;
}

function resultOf(found: number): string {
  if (found === 0) return 'all accounted for';
  return found === 1 ? '1 finding' : `${formatCount(found)} findings`;
}

function cellsOf(finding: AuditFinding): string[] {
  const { verdict, ticket, tenant = '', since } = finding;
  return [verdict, ticket, tenant, formatTime(since), remedyOf(finding)];
}

function resourceOf(finding: AuditFinding) {
  const { since, ...rest } = finding;
  const { meaning } = VERDICTS[finding.verdict];
  return { ...rest, since: formatTime(since), meaning, remedy: remedyOf(finding) };
}
