import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { OutputClosed } from '../terminal/output.ts';
import { cancelCommand } from './cancel/command.ts';
import { consumeCommand } from './consume/command.ts';
import { deadLettersCommand } from './dead-letters/command.ts';
import { EXIT, EXIT_CODES_HELP, ExitStatus, exitCodeOfError } from './exit-status.ts';
import { listCommand } from './list/command.ts';
import { logsCommand } from './logs/command.ts';
import { planCommand } from './plan/command.ts';
import { isExpected, reportError } from './report-error.ts';
import { resultCommand } from './result/command.ts';
import type { Run } from './run.ts';
import { servicesCommand } from './services/command.ts';
import { statusCommand } from './status/command.ts';
import { submitCommand } from './submit/command.ts';
import { waitCommand } from './wait/command.ts';
import { webhooksCommand } from './webhooks/command.ts';

/** What a shell reports for a program whose output was closed: 128 plus the number of SIGPIPE. */
const OUTPUT_CLOSED_EXIT_CODE = 141;

/**
 * Runs a command line. Expected errors are reported on standard error.
 * @returns the exit code, see {@link EXIT}
 * @throws unexpected errors, and the signal's reason
 */
export async function runProgram(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const run: Run = { signal, exit: new ExitStatus() };
  try {
    await programOf(run).parseAsync(argv, { from: 'user' });
    return run.exit.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof OutputClosed) return OUTPUT_CLOSED_EXIT_CODE;
    if (signal.aborted || !isExpected(error)) throw error;
    reportError(error);
    run.exit.add(exitCodeOfError(error));
    return run.exit.code;
  }
}

/** Builds the tree of commands and options. */
export function programOf(run: Run): Command {
  const program = new Command('coatcheck')
    .description(
      'Asynchronous request processing on AWS: submit a payload, get a ticket, collect the result.',
    )
    .version(projectVersion())
    .addHelpText('after', EXIT_CODES_HELP)
    .exitOverride();
  const commands = [
    submitCommand(run),
    statusCommand(run),
    waitCommand(run),
    resultCommand(run),
    cancelCommand(run),
    listCommand(run),
    consumeCommand(run),
    servicesCommand(run),
    logsCommand(run),
    deadLettersCommand(run),
    webhooksCommand(run),
    planCommand(),
  ];
  for (const command of commands) program.addCommand(inheriting(command, program));
  return program;
}

/** Commander doesn't pass settings on to subcommands that are added this way. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const own of command.commands) inheriting(own, command);
  return command;
}

function projectVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
