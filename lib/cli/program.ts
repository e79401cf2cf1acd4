import { Command, CommanderError } from 'commander';
import { OutputClosed } from '../terminal/output.ts';
import { EXIT, EXIT_CODES_HELP, ExitStatus, exitCodeOfError } from './exit-status.ts';
import { assertNodeVersion, projectVersion } from './project-version.ts';
import { isExpected, reportError } from './report-error.ts';
import type { Run } from './run.ts';

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
    assertNodeVersion();
    const program = await programOf(run, argv[0]);
    await program.parseAsync(argv, { from: 'user' });
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

/** Loads a command. */
type LoadCommand = (run: Run) => Promise<Command>;

/** The commands in the order of the help. Each is loaded by itself: most of the time of a short one is imports. */
const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  submit: async (run) => (await import('./submit/command.ts')).submitCommand(run),
  status: async (run) => (await import('./status/command.ts')).statusCommand(run),
  wait: async (run) => (await import('./wait/command.ts')).waitCommand(run),
  result: async (run) => (await import('./result/command.ts')).resultCommand(run),
  payload: async (run) => (await import('./payload/command.ts')).payloadCommand(run),
  cancel: async (run) => (await import('./cancel/command.ts')).cancelCommand(run),
  list: async (run) => (await import('./list/command.ts')).listCommand(run),
  consume: async (run) => (await import('./consume/command.ts')).consumeCommand(run),
  services: async (run) => (await import('./services/command.ts')).servicesCommand(run),
  logs: async (run) => (await import('./logs/command.ts')).logsCommand(run),
  failures: async (run) => (await import('./failures/command.ts')).failuresCommand(run),
  'dead-letters': async (run) => (await import('./dead-letters/command.ts')).deadLettersCommand(run),
  actions: async (run) => (await import('./actions/command.ts')).actionsCommand(run),
  rollback: async (run) => (await import('./rollback/command.ts')).rollbackCommand(run),
  webhooks: async (run) => (await import('./webhooks/command.ts')).webhooksCommand(run),
  schedules: async (run) => (await import('./schedules/command.ts')).schedulesCommand(run),
  batches: async (run) => (await import('./batches/command.ts')).batchesCommand(run),
  limits: async (run) => (await import('./limits/command.ts')).limitsCommand(run),
  pause: async (run) => (await import('./pause/command.ts')).pauseCommand(run),
  resume: async (run) => (await import('./pause/resume.ts')).resumeCommand(run),
  settings: async (run) => (await import('./settings/command.ts')).settingsCommand(run),
  alarms: async (run) => (await import('./alarms/command.ts')).alarmsCommand(run),
  audit: async (run) => (await import('./audit/command.ts')).auditCommand(run),
  activity: async (run) => (await import('./activity/command.ts')).activityCommand(run),
  ledger: async (run) => (await import('./ledger/command.ts')).ledgerCommand(run),
  receipt: async (run) => (await import('./receipt/command.ts')).receiptCommand(run),
  console: async (run) => (await import('./console/command.ts')).consoleCommand(run),
  plan: async (run) => (await import('./plan/command.ts')).planCommand(run),
  dev: async (run) => (await import('./dev/command.ts')).devCommand(run),
  serve: async (run) => (await import('./serve/command.ts')).serveCommand(run),
  worker: async (run) => (await import('./worker/command.ts')).workerCommand(run),
  mcp: async (run) => (await import('./mcp/command.ts')).mcpCommand(run),
  outbox: async (run) => (await import('./outbox/command.ts')).outboxCommand(run),
};

/**
 * Builds the tree of commands and options.
 * @param name the only command to load. @default - all of them, for the help and for names that don't exist
 */
export async function programOf(run: Run, name?: string): Promise<Command> {
  const program = new Command('coatcheck')
    .description(
      'Asynchronous request processing on AWS: submit a payload, get a ticket, collect the result.',
    )
    .version(projectVersion())
    .addHelpText('after', EXIT_CODES_HELP)
    .hook('preAction', (_, command) => refuseEmptyArguments(command))
    .exitOverride();
  const chosen = name === undefined ? undefined : COMMANDS[name];
  const loads = chosen ? [chosen] : Object.values(COMMANDS);
  for (const command of await Promise.all(loads.map((load) => load(run)))) {
    program.addCommand(inheriting(command, program));
  }
  return program;
}

/** A shell passes an unset variable in quotes as an empty argument, which is no ticket, file or name. */
function refuseEmptyArguments(command: Command): void {
  const index = command.args.findIndex((argument) => argument.trim() === '');
  if (index === -1) return;
  const declared = command.registeredArguments[index] ?? command.registeredArguments.at(-1);
  command.error(`error: argument '${declared?.name()}' must not be empty`);
}

/** Commander doesn't pass settings on to subcommands that are added this way. */
function inheriting(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const own of command.commands) inheriting(own, command);
  return command;
}
