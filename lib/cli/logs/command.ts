import { Command } from 'commander';
import { CoatcheckError } from '../../core/base/errors.ts';
import { formatLogLine, logCells, readLogLine } from '../../local/log-line.ts';
import { isForPeople, jsonLine, note, print, printable, printCells } from '../../terminal/output.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import { findDeployment } from '../deployment.ts';
import { readPast } from '../quantities.ts';
import type { Run } from '../run.ts';
import { findRunningService } from '../running-service.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';

const EXAMPLES = `
With a ticket, prints only lines that name their request: those of request.logger and of the engine. Without one, prints
console.log lines too. --json prints lines as they were logged, with stack traces.

Examples:
  npx coatcheck logs --follow
  npx coatcheck logs 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  npx coatcheck logs --since 15min --json | jq 'select(.level == "ERROR")'`;

const HOUR_MILLISECONDS = 3_600_000;

/** The log of a service of this machine isn't kept by this program. */
class LogElsewhere extends CoatcheckError {
  override readonly name = 'LogElsewhere';
  readonly code = 'log_elsewhere';

  constructor(command: 'dev' | 'serve') {
    const where =
      command === 'dev'
        ? 'prints its log in its own terminal: look there'
        : 'writes its log to its standard output: look where that goes, for example with journalctl -u SERVICE or docker logs';
    super(
      `coatcheck ${command} runs in this folder, and ${where}. For a deployed service, name it with --stack`,
    );
  }
}

interface LogsOptions extends DeploymentOptions {
  readonly since?: Date;
  readonly follow?: true;
  readonly json?: true;
}

/** `coatcheck logs`: prints the processor's log. */
export function logsCommand(run: Run): Command {
  const command = new Command('logs')
    .description("Print the processor's log, for one request or all.")
    .argument('[id]', 'ticket of a request')
    .option(
      '--since <time>',
      'lines since then, for example 2h (2 hours ago; default: since the request was created, else 1h)',
      readPast(Date.now()),
    )
    .option('-f, --follow', 'print new lines as they come, until Ctrl-C')
    .addHelpText('after', EXAMPLES);
  return addDeploymentOptions(command)
    .addOption(jsonOption())
    .action((id: string | undefined, options: LogsOptions) => printLog(id, options, run));
}

async function printLog(id: string | undefined, options: LogsOptions, { signal }: Run): Promise<void> {
  await assertDeployed(options);
  const deployment = await findDeployment({ ...options, signal, note });
  const { FunctionLog } = await import('../../aws/function-log.ts');
  const log = new FunctionLog(await awsOfQueue(deployment('InputQueueUrl')));
  const since = options.since?.getTime() ?? startOf(id, Date.now());
  const { follow = false } = options;
  const query = { group: deployment('ProcessorLogGroupName'), since, requestId: id, follow, signal };
  let count = 0;
  for await (const text of log.lines(query)) {
    const line = readLogLine(text);
    // An emulator may ignore the filter.
    if (!line || (id !== undefined && line.requestId !== id)) continue;
    count++;
    if (options.json) await print(jsonLine(text));
    else if (isForPeople(options)) await print(formatLogLine(line, printable));
    else await printCells(logCells(line));
  }
  if (count === 0 && !follow) note(`no log lines since ${new Date(since).toISOString()}`);
}

/** @throws LogElsewhere for a service of this machine */
async function assertDeployed({ stack, service }: LogsOptions): Promise<void> {
  const running = stack === undefined && service === undefined ? await findRunningService() : undefined;
  if (running) throw new LogElsewhere(running.command);
}

/** A ticket issued by the API is a version 7 UUID, which starts with its time of creation. */
function startOf(id: string | undefined, now: number): number {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id ?? '') ?? [];
  const issuedAt = high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
  if (issuedAt !== undefined && issuedAt <= now) return issuedAt;
  return now - (id === undefined ? HOUR_MILLISECONDS : 24 * HOUR_MILLISECONDS);
}
