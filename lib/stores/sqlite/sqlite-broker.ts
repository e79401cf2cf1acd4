import { ConfigurationError } from '../../core/base/errors.ts';
import { hideLogin } from '../../core/base/hide-login.ts';
import type { Broker, InputOptions } from '../../core/ports/broker.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { SqliteInputQueue } from './input-queue.ts';
import { keepOrder } from './keep-order.ts';
import { SqliteLedger } from './ledger.ts';
import { SqliteOutputQueue } from './output-queue.ts';
import { SqliteFile } from './sqlite-file.ts';

const SCHEME = 'sqlite:';

const EXAMPLE = 'sqlite:.coatcheck/queues.db?queue=requests';

/**
 * Queues and records in SQLite files, by URLs such as `sqlite:folder/file.db?queue=requests`. What is opened in the same
 * file shares its connection. Dispose of it after everything that it opened.
 */
export class SqliteBroker implements Broker, AsyncDisposable {
  readonly #clock: Clock;
  readonly #files = new Map<string, Promise<SqliteFile>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async openInput(url: URL, { deadLetters, ordered }: InputOptions): Promise<SqliteInputQueue> {
    const queue = queueOf(url);
    const file = await this.#open(url);
    if (ordered) await keepOrder(file, queue);
    return new SqliteInputQueue(file, { queue, deadLetters, clock: this.#clock });
  }

  async openOutput(url: URL) {
    const queue = queueOf(url);
    const output = new SqliteOutputQueue(await this.#open(url), queue, this.#clock);
    return Object.assign(output, { [Symbol.asyncDispose]: async () => {} });
  }

  /** Opens the file of records. @param url without a query */
  async openFile(url: URL): Promise<SqliteFile> {
    if (url.search !== '') {
      throw new ConfigurationError(
        `Records in SQLite are given as sqlite:folder/file.db, got ${hideLogin(url.href)}`,
      );
    }
    return this.#open(url);
  }

  /**
   * The ledger of a file of records.
   * @param inputs URLs of the queues of requests, by any broker. Their messages count if all of them are in the file
   */
  ledgerOf(file: SqliteFile, inputs: readonly URL[]): SqliteLedger {
    const areInFile = inputs.every((url) => url.protocol === SCHEME && pathOf(url) === file.path);
    return new SqliteLedger(file, areInFile ? inputs.map(queueOf) : undefined);
  }

  /** The files that are open. */
  openFiles(): Promise<readonly SqliteFile[]> {
    return Promise.all(this.#files.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const files = await Promise.allSettled(this.#files.values());
    this.#files.clear();
    for (const file of files) if (file.status === 'fulfilled') await file.value[Symbol.asyncDispose]();
  }

  #open(url: URL): Promise<SqliteFile> {
    const path = pathOf(url);
    if (path === '' || url.host !== '') {
      throw new ConfigurationError(
        `A SQLite file is given as sqlite:folder/file.db, got ${hideLogin(url.href)}`,
      );
    }
    const opening = this.#files.get(path) ?? SqliteFile.open(path);
    this.#files.set(path, opening);
    return opening;
  }
}

function pathOf({ pathname }: URL): string {
  return decodeURIComponent(pathname);
}

function queueOf(url: URL): string {
  const names = [...url.searchParams.keys()];
  const queue = url.searchParams.get('queue') ?? '';
  if (queue === '' || names.length !== 1) {
    throw new ConfigurationError(`A queue in SQLite is given as ${EXAMPLE}, got ${hideLogin(url.href)}`);
  }
  return queue;
}
