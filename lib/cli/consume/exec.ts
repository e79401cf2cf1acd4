import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type { ReceivedOutcome } from '../../consumer/index.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { PROBLEM_TYPE } from '../../core/base/media-type.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';

/** The command didn't deal with an outcome. */
class CommandFailed extends CoatcheckError {
  readonly code = 'command_failed';

  constructor(ending: string) {
    super(`the command ${ending}: the outcome comes again`);
  }
}

/**
 * Runs a command of the shell with the result, or the problem as JSON, on its standard input. In a group of its own, so
 * that Ctrl-C doesn't reach it.
 * @param signal ends the command
 * @throws CommandFailed unless it ends with 0, and what reading the result throws
 */
export async function runCommand(
  command: string,
  outcome: ReceivedOutcome,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(command, {
    shell: true,
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...variablesOf(outcome) },
  });
  const stopWaiting = whenAborted(signal, () => killGroup(child));
  const ended = Promise.all([once(child, 'close'), feed(child, outcome)]).finally(stopWaiting);
  const [[exitCode, endedBy]] = await ended;
  if (endedBy) throw new CommandFailed(`was ended by ${endedBy}`);
  if (exitCode !== 0) throw new CommandFailed(`ended with ${exitCode}`);
}

/** What the command is told by. */
function variablesOf(outcome: ReceivedOutcome): NodeJS.ProcessEnv {
  return {
    // Fit for a file's name; whoever hands in a request may choose an id that isn't.
    COATCHECK_OUTCOME_ID: outcome.id,
    COATCHECK_REQUEST_ID: outcome.requestId,
    COATCHECK_STATUS: outcome.status,
    // The request's trace, not the one this program runs in. The names are OpenTelemetry's.
    TRACEPARENT: outcome.traceparent,
    TRACESTATE: outcome.tracestate,
    COATCHECK_CONTENT_TYPE: outcome.status === 'succeeded' ? outcome.result.contentType : PROBLEM_TYPE,
  };
}

async function feed(child: ChildProcess, outcome: ReceivedOutcome): Promise<void> {
  if (!child.stdin) return;
  try {
    await pipeline(contentOf(child, outcome), child.stdin);
  } catch (error) {
    // It needn't read all of it, or any.
    if (!isBrokenPipe(error)) throw error;
  }
}

async function* contentOf(child: ChildProcess, outcome: ReceivedOutcome): AsyncGenerator<Uint8Array> {
  if (outcome.status !== 'succeeded') {
    yield Buffer.from(JSON.stringify(outcome.problem));
    return;
  }
  try {
    yield* await outcome.result.stream();
  } catch (error) {
    // Or it would take a result that broke off for a whole one.
    killGroup(child);
    throw error;
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

function isBrokenPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  );
}
