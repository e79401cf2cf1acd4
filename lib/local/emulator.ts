import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Step, silently } from '../terminal/step.ts';
import { emulatorEnvironment, type LocalSettings, PORT_VARIABLE } from './environment.ts';
import { EmulatorFailed, EndpointSilent, PortTaken } from './errors.ts';
import { LOCAL_FOLDER, makeFolder } from './folder.ts';
import { withLock } from './lock.ts';
import { installPythonTool } from './python-tool.ts';
import { tailOf } from './run.ts';

/** How long the emulator may take to answer; it takes less than a second. */
const START_TIMEOUT_MS = 60_000;

/** Timeout of a health check. */
const HEALTH_TIMEOUT_MS = 5_000;

/** An AWS to deploy to. Disposing stops it if {@link openLocalAws} started it, and does nothing otherwise. */
export interface LocalAws extends AsyncDisposable {
  readonly endpoint: string;
  /** Present if this process started it. */
  readonly emulator?: {
    /** The path of its log. */
    readonly log: string;
    /** Rejects with EmulatorFailed if it stops by itself. */
    readonly failure: Promise<never>;
  };
}

/** How to find or start a local AWS. */
export interface OpenOptions extends LocalSettings {
  /** Folder for its log, ministack.log, and its temporary files. @default - the project's `.local` */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly step?: Step;
}

/**
 * Opens the AWS that the user configured, or the emulator that answers on the port, or else starts one.
 * @throws EndpointSilent, PortTaken, EmulatorFailed, and what {@link installPythonTool} throws
 */
export async function openLocalAws(options: OpenOptions): Promise<LocalAws> {
  const { endpoint, port, signal, folder = LOCAL_FOLDER } = options;
  if (endpoint !== undefined) return await use(endpoint);
  await makeFolder(folder);
  return await withLock(join(folder, `starting-${port}`), () => findOrStart(options, folder), signal);
}

async function findOrStart(options: OpenOptions, folder: string): Promise<LocalAws> {
  const occupant = await occupantOf(options.port);
  if (occupant === 'something else') throw new PortTaken(options.port, PORT_VARIABLE);
  return occupant === 'emulator' ? borrowed(endpointOn(options.port)) : await start(options, folder);
}

/**
 * An IP address makes AWS SDKs address buckets by path, so that names like `bucket.localhost` needn't resolve.
 */
function endpointOn(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function borrowed(endpoint: string): LocalAws {
  return { endpoint, [Symbol.asyncDispose]: async () => {} };
}

async function use(endpoint: string): Promise<LocalAws> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
  } catch (error) {
    throw new EndpointSilent(endpoint, error);
  }
  return borrowed(endpoint);
}

async function start({ port, signal, step = silently }: OpenOptions, folder: string): Promise<LocalAws> {
  const python = await installPythonTool('ministack', { step, signal });
  return await step('Starting the local AWS', async (note) => {
    const endpoint = endpointOn(port);
    const log = resolve(folder, 'ministack.log');
    const child = await launch(python, endpoint, log);
    const ended = once(child, 'exit');
    const close = async () => {
      child.stdin?.end();
      await ended;
    };
    try {
      await waitUntilReady(port, child, log, signal);
    } catch (error) {
      await close();
      throw error;
    }
    note(`${endpoint}, log in ${relative('', log)}`);
    const failure = ended.then(() => fail('stopped unexpectedly', log));
    failure.catch(() => {}); // also rejects after a regular stop, when no one awaits it
    return { endpoint, emulator: { log, failure }, [Symbol.asyncDispose]: close };
  });
}

/** The emulator runs until its standard input is closed, see emulator.py. */
async function launch(python: string, endpoint: string, log: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('emulator.py', import.meta.url));
  const logFile = await open(log, 'w');
  try {
    return spawn(python, ['-I', script], {
      cwd: dirname(log),
      env: emulatorEnvironment(endpoint),
      stdio: ['pipe', logFile.fd, logFile.fd],
    });
  } finally {
    await logFile.close();
  }
}

async function waitUntilReady(
  port: number,
  child: ChildProcess,
  log: string,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while ((await occupantOf(port)) !== 'emulator') {
    signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) await fail('stopped during its start', log);
    if (Date.now() > deadline) await fail(`did not answer within ${START_TIMEOUT_MS / 1_000} s`, log);
    await sleep(50);
  }
}

async function fail(problem: string, log: string): Promise<never> {
  throw new EmulatorFailed(problem, log, tailOf(await readFile(log, 'utf8')));
}

/** Checks LocalStack's health path, which MiniStack also serves. */
async function occupantOf(port: number): Promise<'nothing' | 'emulator' | 'something else'> {
  try {
    const response = await fetch(`${endpointOn(port)}/_localstack/health`, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    });
    const health: unknown = await response.json();
    return isHealth(health) ? 'emulator' : 'something else';
  } catch (error) {
    return isRefusal(error) ? 'nothing' : 'something else';
  }
}

function isHealth(health: unknown): boolean {
  return typeof health === 'object' && health !== null && 'services' in health;
}

function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
