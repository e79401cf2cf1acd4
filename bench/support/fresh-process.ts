import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** Options of {@link freshProcess}. */
export interface FreshProcessOptions {
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly flags?: readonly string[];
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a module in its own process, so that measurements don't warm up each other or share memory. Discards its
 * standard output, the engine's log.
 */
export function freshProcess(
  module: URL,
  { args = [], flags = [], environment = {} }: FreshProcessOptions = {},
): ChildProcess {
  return fork(module, args, {
    execArgv: [...flags],
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/**
 * Waits for a process's first message.
 * @throws Error if the process ends without one
 */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const onExit = () => ended.abort();
  child.once('exit', onExit);
  try {
    const [message] = await once(child, 'message', { signal: ended.signal });
    return message;
  } catch (error) {
    throw new Error(`${child.spawnargs.join(' ')} ended without a result`, { cause: error });
  } finally {
    child.off('exit', onExit);
  }
}
