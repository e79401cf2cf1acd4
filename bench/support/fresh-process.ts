import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** How a {@link freshProcess} is started. */
export interface FreshProcessOptions {
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly flags?: readonly string[];
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a module in a process of its own, so that no measurement warms up or litters the memory of another. Its
 * standard output is thrown away: the engine logs there.
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
 * The first message a process sends.
 * @throws Error when it ends without one
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
