/** What a group of changes is committed with. All but `sync` are synchronous, as SQLite is. */
export interface Transactions {
  /** @throws Error if the database is locked by another process ({@link isBusy}) or out of order */
  begin(): void;
  commit(): void;
  rollback(): void;
  /** Resolves when everything that was committed before is on the disk. */
  sync(): Promise<void>;
  isBusy(error: unknown): boolean;
  /** Whether the changes violate a constraint that is checked when they are committed. */
  isConstraint(error: unknown): boolean;
  /** The error for changes that found no turn in time. */
  unavailable(cause: unknown): Error;
}

/** When a change is confirmed: as soon as every process sees it, or when it also survives a power loss. */
export type Confirmation = 'committed' | 'on disk';

interface Change {
  readonly run: () => void;
  readonly confirmation: Confirmation;
  readonly since: number;
  /** Resolves with the value of the latest run. */
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Most changes in a transaction: it holds up the event loop, and other processes that write. */
const MAX_CHANGES = 500;

/** Another process holds the lock for a few milliseconds, unless it hangs. */
const RETRY_MILLISECONDS = 5;
const MAX_WAIT_MILLISECONDS = 30_000;

/**
 * Commits the changes of one turn of the event loop in one transaction, since a transaction costs more than the changes
 * in it. A change that fails has no effect and leaves the others alone.
 */
export class GroupCommit {
  readonly #transactions: Transactions;
  readonly #committed: () => void;
  #waiting: Change[] = [];
  #turn: NodeJS.Immediate | NodeJS.Timeout | undefined;
  /** Committed changes that aren't known to be on the disk. */
  #unsynced: Change[] = [];
  #syncTurn: NodeJS.Immediate | undefined;
  #syncs = 0;
  #idle: (() => void)[] = [];

  /** @param committed called after every commit */
  constructor(transactions: Transactions, committed: () => void) {
    this.#transactions = transactions;
    this.#committed = committed;
  }

  /**
   * Makes a change. It may run more than once, if another change of its transaction fails: it must have no effect
   * outside of the database.
   * @returns its value
   */
  run<Value>(change: () => Value, confirmation: Confirmation): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    let settle = () => {};
    const runOnce = () => {
      const value = change();
      settle = () => resolve(value);
    };
    this.#waiting.push({ run: runOnce, confirmation, since: Date.now(), resolve: () => settle(), reject });
    this.#turn ??= setImmediate(() => this.#flush());
    return promise;
  }

  /** Resolves when no change waits. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #flush(): void {
    this.#turn = undefined;
    const changes = this.#waiting.splice(0, MAX_CHANGES);
    try {
      this.#commit(changes);
    } catch (error) {
      this.#postpone(changes, error);
    }
    if (this.#waiting.length > 0) this.#turn ??= setImmediate(() => this.#flush());
    this.#noteIdle();
  }

  #commit(changes: readonly Change[]): void {
    let group = changes;
    while (group.length > 0) {
      this.#transactions.begin();
      const failed = runAll(group);
      if (!failed) {
        this.#end(group);
        return;
      }
      this.#transactions.rollback();
      failed.change.reject(failed.error);
      group = group.filter((change) => change !== failed.change);
    }
  }

  #end(group: readonly Change[]): void {
    try {
      this.#transactions.commit();
    } catch (error) {
      if (!this.#transactions.isConstraint(error)) throw error;
      this.#transactions.rollback();
      if (group.length === 1) group[0]?.reject(error);
      // One of them violates it: alone, only that one fails.
      else for (const change of group) this.#commit([change]);
      return;
    }
    this.#confirm(group);
  }

  #confirm(changes: readonly Change[]): void {
    this.#committed();
    for (const change of changes) {
      if (change.confirmation === 'committed') change.resolve();
      else this.#unsynced.push(change);
    }
    if (this.#unsynced.length > 0) this.#syncTurn ??= setImmediate(() => this.#syncNextTurn());
  }

  /**
   * By then, what is written because of the commit is committed too, such as the claim of a message that was just sent. It
   * needs no other wait.
   */
  #syncNextTurn(): void {
    this.#syncTurn = setImmediate(() => void this.#sync());
  }

  async #sync(): Promise<void> {
    this.#syncTurn = undefined;
    const changes = this.#unsynced.splice(0);
    this.#syncs++;
    try {
      await this.#transactions.sync();
      for (const { resolve } of changes) resolve();
    } catch (error) {
      for (const { reject } of changes) reject(error);
    }
    this.#syncs--;
    this.#noteIdle();
  }

  /** Tries changes again whose transaction didn't begin or end, unless they waited too long. */
  #postpone(changes: readonly Change[], error: unknown): void {
    const { isBusy, unavailable } = this.#transactions;
    const oldest = Date.now() - MAX_WAIT_MILLISECONDS;
    const again = isBusy(error) ? changes.filter(({ since }) => since > oldest) : [];
    for (const change of changes) if (!again.includes(change)) change.reject(unavailable(error));
    if (again.length === 0) return;
    this.#waiting.unshift(...again);
    this.#turn = setTimeout(() => this.#flush(), RETRY_MILLISECONDS);
  }

  get #isIdle(): boolean {
    return this.#turn === undefined && this.#syncTurn === undefined && this.#syncs === 0;
  }

  #noteIdle(): void {
    if (!this.#isIdle) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Runs changes until one fails. */
function runAll(
  changes: readonly Change[],
): { readonly change: Change; readonly error: unknown } | undefined {
  for (const change of changes) {
    try {
      change.run();
    } catch (error) {
      return { change, error };
    }
  }
  return undefined;
}
