import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type { ReceivedOutcome } from '../../consumer/index.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { PROBLEM_TYPE } from '../../core/base/media-type.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import { OUTCOME_VARIABLES } from './outcome-variables.ts';

/** The command failed for an outcome. */
class CommandFailed extends CoatcheckError {
  override readonly name = 'CommandFailed';
  readonly code = 'command_failed';

  constructor(ending: string) {
    super(`The command ${ending}; the outcome will be delivered again`);
  }
}

/**
 * Runs a shell command with the result, or the problem as JSON, on its standard input. It gets its own process group, so
 * that Ctrl-C doesn't reach it.
 * @param signal kills the command
 * @throws CommandFailed unless it exits with 0, and what reading the result throws
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
  const [[exitCode, killedBy]] = await ended;
  if (killedBy) throw new CommandFailed(`was killed by ${killedBy}`);
  if (exitCode !== 0) throw new CommandFailed(`exited with ${exitCode}`);
}

/** The command's environment variables. */
function variablesOf(outcome: ReceivedOutcome): NodeJS.ProcessEnv {
  return {
    // Safe as a file name; a request id that its sender chose may not be.
    [OUTCOME_VARIABLES.outcomeId]: outcome.id,
    [OUTCOME_VARIABLES.requestId]: outcome.requestId,
    [OUTCOME_VARIABLES.status]: outcome.status,
    // The request's trace, not this program's. The names are OpenTelemetry's.
    TRACEPARENT: outcome.traceparent,
    TRACESTATE: outcome.tracestate,
    [OUTCOME_VARIABLES.contentType]:
      outcome.status === 'succeeded' ? outcome.result.contentType : PROBLEM_TYPE,
  };
}

async function feed(child: ChildProcess, outcome: ReceivedOutcome): Promise<void> {
  if (!child.stdin) return;
  try {
    await pipeline(contentOf(child, outcome), child.stdin);
  } catch (error) {
    // The command may exit without reading its input.
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
    // Otherwise the command would take a truncated result for a complete one.
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
