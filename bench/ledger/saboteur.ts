import type { Service } from '../../lib/embedded/service.ts';
import type { Storage } from '../../lib/embedded/storage.ts';
import { QUEUES } from '../../lib/embedded/storage.ts';
import { recordKey } from '../../lib/stores/sqlite/record-store.ts';

/** What can be lost. */
export const KINDS = ['message', 'record', 'result', 'publication'] as const;

/** Something that was done to a request. */
export interface Sabotage {
  readonly id: string;
  readonly kind: (typeof KINDS)[number];
}

/** Of the connection of the service only. */
const SKIP_PUBLICATIONS = `CREATE TEMP TRIGGER skip_publications BEFORE INSERT ON messages
  WHEN new.queue = '${QUEUES.outcomes}' AND EXISTS (SELECT 1 FROM temp.skipped WHERE instr(new.body, id))
  BEGIN SELECT RAISE(IGNORE); END`;

/** Deletes messages, records and results of a service behind its back, and skips publications. Knows what it did. */
export class Saboteur {
  readonly #service: Service;
  readonly #storage: Storage;
  readonly #tried = new Map<string, Sabotage>();
  readonly #done: Sabotage[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(service: Service, storage: Storage) {
    this.#service = service;
    this.#storage = storage;
  }

  async prepare(): Promise<void> {
    await this.#change('CREATE TEMP TABLE skipped (id TEXT)');
    await this.#change(SKIP_PUBLICATIONS);
  }

  /** Submits a request and sabotages it, in one of the ways in turn. @param large a payload that is stored */
  async submit(turn: number, large: string): Promise<void> {
    const kind = KINDS[turn % KINDS.length] ?? 'message';
    if (kind === 'message') {
      // Its time hasn't come when the message disappears.
      const { id } = await this.#service.submit('slow', { notBefore: new Date(Date.now() + 60_000) });
      this.#tried.set(id, { id, kind });
      if (await this.#change(`DELETE FROM messages WHERE instr(body, '${id}')`))
        this.#done.push({ id, kind });
      return;
    }
    const { id } = await this.#service.submit(kind === 'publication' ? 'slow' : large);
    this.#tried.set(id, { id, kind });
    if (kind === 'publication') await this.#change(`INSERT INTO temp.skipped VALUES ('${id}')`);
    const running = this.#afterItsEnd({ id, kind }).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #afterItsEnd(sabotage: Sabotage): Promise<void> {
    const { id, kind } = sabotage;
    await this.#service.wait(id);
    // Until its message is deleted, it may be published again.
    while (
      this.#storage.file
        .statement(`SELECT 1 FROM messages WHERE instr(body, '${id}') AND queue <> '${QUEUES.outcomes}'`)
        .get()
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (kind === 'record')
      await this.#change(`DELETE FROM records WHERE key = '${recordKey({ id, source: '' })}'`);
    if (kind === 'result') {
      const key = this.#storage.file
        .statement(
          `SELECT json_extract(outcome, '$.result.check.key') AS key FROM records WHERE key = '${recordKey({ id, source: '' })}'`,
        )
        .get()?.key;
      await this.#storage.payloads.remove(String(key));
    }
    this.#done.push(sabotage);
  }

  /** What has had its effect. */
  done(): readonly Sabotage[] {
    return [...this.#done];
  }

  /** How many of these it has begun. */
  tried(is: (sabotage: Sabotage) => boolean): number {
    return [...this.#tried.values()].filter(is).length;
  }

  has(id: string): boolean {
    return this.#tried.has(id);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** @returns whether rows were changed */
  #change(sql: string): Promise<boolean> {
    const { file } = this.#storage;
    return file.write(() => Number(file.statement(sql).run().changes) > 0, 'committed');
  }
}
