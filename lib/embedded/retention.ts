import { access, realpath } from 'node:fs/promises';
import { startHeartbeat } from '../core/base/heartbeat.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { DAY_MILLISECONDS } from '../core/base/time.ts';
import { SQS_MAX_RETENTION_SECONDS } from '../core/config/aws-limits.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { deleteObjectsBefore, takeSweep } from '../stores/directory/delete-objects.ts';
import type { DirectoryPayloadStore } from '../stores/directory/payload-store.ts';
import { Referrers } from '../stores/directory/referrers.ts';
import { deleteExpired, oldestMessageAt } from '../stores/sqlite/delete-expired.ts';
import { objectsInUse } from '../stores/sqlite/objects-in-use.ts';
import { SqliteFile } from '../stores/sqlite/sqlite-file.ts';
import type { StoredServiceSettings } from './settings.ts';
import { QUEUES, type Storage } from './storage.ts';

/** The data of a process on this machine, and how long it is kept. */
export interface Retention {
  /** The file with the records; absent if they are elsewhere. */
  readonly file?: SqliteFile;
  /** How long queues of the file keep a message, in seconds. Other queues keep theirs for ever. */
  readonly queueSeconds: Readonly<Record<string, number>>;
  /** Payloads and results; absent if they are elsewhere. */
  readonly payloads?: DirectoryPayloadStore;
  readonly clock: Clock;
}

/** How long messages of the queues for a process's own webhooks are kept. */
export const WEBHOOK_QUEUE_SECONDS = { [QUEUES.webhookDeadLetters]: SQS_MAX_RETENTION_SECONDS };

const INTERVAL_MILLISECONDS = 600_000;

/** How often one of the processes that share a directory sweeps it. */
const OBJECTS_INTERVAL_MILLISECONDS = 3_600_000;

/** Queues whose messages refer to no payloads and results. */
const UNREFERRING = [QUEUES.webhooks, QUEUES.webhookDeadLetters];

const FILE_SCHEME = 'sqlite:';

/** The places that may refer to objects of a store. */
export interface ReferringStores {
  /** Files with records or queues. */
  readonly files: readonly SqliteFile[];
  /** URLs of tables of records. @default - none */
  readonly tables?: readonly string[];
}

/**
 * Notes the places that may refer to objects of a store, before they do.
 * @param ageDays how long objects are kept
 */
export async function addReferrers(
  payloads: DirectoryPayloadStore,
  { files, tables = [] }: ReferringStores,
  ageDays: number,
): Promise<void> {
  const paths = await Promise.all(files.map(({ path }) => realpath(path)));
  const referrers = new Referrers(payloads.directory);
  for (const url of [...paths.map((path) => `${FILE_SCHEME}${path}`), ...tables]) {
    await referrers.add({ url, ageDays });
  }
}

/** The retention of the storage of a service. */
export function serviceRetention(
  { file, payloads, clock }: Storage,
  { outputRetentionSeconds }: Pick<StoredServiceSettings, 'outputRetentionSeconds'>,
): Retention {
  const queueSeconds = {
    [QUEUES.outcomes]: outputRetentionSeconds,
    [QUEUES.deadLetters]: SQS_MAX_RETENTION_SECONDS,
    ...WEBHOOK_QUEUE_SECONDS,
  };
  return { file, payloads, queueSeconds, clock };
}

/** Deletes expired data at once and then periodically, until it is disposed of. */
export function startSweeping(retention: Retention, logger: Logger): AsyncDisposable {
  const stop = new AbortController();
  const onError = (error: unknown) =>
    logger.warn('Old data could not be deleted', { error: serializeError(error) });
  const beat = () => sweep(retention, stop.signal);
  const first = beat().catch(onError);
  const later = startHeartbeat({ intervalMilliseconds: INTERVAL_MILLISECONDS, beat, onError });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([first, later[Symbol.asyncDispose]()]);
    },
  };
}

/** Deletes expired data, but no waiting requests. @param signal ends it early */
export async function sweep(
  { file, queueSeconds, payloads, clock }: Retention,
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now();
  // Before the records: a dead letter may outlive the record that says what it needs.
  if (payloads) await sweepObjects(payloads, now, signal);
  if (file && !signal.aborted) await deleteExpired(file, queueSeconds, now);
}

/**
 * Deletes old payloads and results. First renews the objects of requests that may run again. Keeps objects that messages may
 * refer to: an object is deleted by its age at the time when the oldest message was sent.
 */
async function sweepObjects(
  payloads: DirectoryPayloadStore,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const referrers = await new Referrers(payloads.directory).list();
  // The objects in use by another store, such as DynamoDB, aren't known.
  if (referrers.length === 0 || referrers.some(({ url }) => !url.startsWith(FILE_SCHEME))) return;
  if (!(await takeSweep(payloads.directory, now, OBJECTS_INTERVAL_MILLISECONDS))) return;
  let before = now;
  for (const { url } of referrers) {
    const path = url.slice(FILE_SCHEME.length);
    if (await exists(path)) before = Math.min(before, await renewObjects(payloads, path, now));
  }
  const ageDays = Math.max(...referrers.map((referrer) => referrer.ageDays));
  await deleteObjectsBefore(payloads.directory, before - ageDays * DAY_MILLISECONDS, signal);
}

/** Renews the objects that the requests in a file need. @returns when its oldest message was sent, or now */
async function renewObjects(payloads: DirectoryPayloadStore, path: string, now: number): Promise<number> {
  await using file = await SqliteFile.open(path);
  for await (const check of objectsInUse(file)) await payloads.renew(check, now);
  return oldestMessageAt(file, UNREFERRING) ?? now;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
