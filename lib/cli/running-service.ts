import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../core/base/errors.ts';
import { jsonValue } from '../core/base/json.ts';
import { isObject } from '../core/base/json-object.ts';
import { DATA_VARIABLE } from '../core/config/serve-environment.ts';
import { DATA_FOLDER } from '../core/config/worker-environment.ts';
import { note } from '../terminal/output.ts';
import type { DeploymentOptions } from './service-options.ts';

/** Says which service runs, for the other commands. */
const FILE = 'running.json';

/** A service of `coatcheck dev` or `coatcheck serve` that is running. */
export interface RunningService {
  /** The URL of the API, without /v1. */
  readonly url: string;
  readonly pid: number;
  readonly command: 'dev' | 'serve';
  /** False if it queues no outcomes. */
  readonly output?: false;
}

/** The folder of the data of a service: that of the environment, or the default. */
export function dataFolder(): string {
  return process.env[DATA_VARIABLE] || DATA_FOLDER;
}

/** The SQLite file of a service. @param folder that of its data */
export function serviceFile(folder: string): string {
  return join(folder, 'service.db');
}

/** Finds the service that runs in a folder; undefined if there is none. */
export async function findRunningService(folder = dataFolder()): Promise<RunningService | undefined> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => '');
  const service: unknown = jsonValue(text);
  return isRunningService(service) && isAlive(service.pid) ? service : undefined;
}

/**
 * The service of this machine that options mean: that in the folder, if it runs and they name no other. Notes which it is.
 */
export async function chosenService({
  stack,
  service,
}: DeploymentOptions): Promise<RunningService | undefined> {
  if (stack !== undefined || service !== undefined) return undefined;
  const running = await findRunningService();
  if (running) note(`using the service of coatcheck ${running.command} at ${running.url}`);
  return running;
}

/** @throws ConfigurationError if a service runs in the folder */
export async function assertNoneRuns(folder: string): Promise<void> {
  const running = await findRunningService(folder);
  if (!running) return;
  throw new ConfigurationError(
    `coatcheck ${running.command} already runs in this folder, at ${running.url}: stop process ${running.pid} first`,
  );
}

/** Lets the other commands find a service, until it is disposed of. */
export async function announceService(folder: string, service: RunningService): Promise<AsyncDisposable> {
  const path = join(folder, FILE);
  await writeFile(path, JSON.stringify(service));
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

function isRunningService(value: unknown): value is RunningService {
  if (!isObject(value) || typeof value.url !== 'string' || typeof value.pid !== 'number') return false;
  if (value.output !== undefined && value.output !== false) return false;
  return value.command === 'dev' || value.command === 'serve';
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process exists, and is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
