import type { IdempotencyKeys, KeyUse } from '../../core/ports/idempotency-keys.ts';
import { type Row, wholeSecond } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

const FIND = 'SELECT * FROM idempotency_keys WHERE name = :name AND kept_until > :at';

const TAKE = `INSERT INTO idempotency_keys (name, request_id, fingerprint, used_at, kept_until)
  VALUES (:name, :requestId, :fingerprint, :usedAt, :keptUntil) ON CONFLICT (name) DO UPDATE
  SET request_id = :requestId, fingerprint = :fingerprint, used_at = :usedAt, kept_until = :keptUntil
  WHERE idempotency_keys.kept_until <= :usedAt`;

/** Idempotency keys in a file. A use is confirmed when it is on the disk. */
export class SqliteIdempotencyKeys implements IdempotencyKeys {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse> {
    const name = nameOf(tenant, key);
    const next = { ...use, keptUntil: wholeSecond(use.keptUntil) };
    return this.#file.write(() => {
      const isTaken = this.#file.statement(TAKE).run({ name, ...next }).changes === 1;
      return isTaken ? next : (this.#useAt(name, use.usedAt) ?? next);
    });
  }

  async find(tenant: string | undefined, key: string, at: number): Promise<KeyUse | undefined> {
    return this.#useAt(nameOf(tenant, key), at);
  }

  #useAt(name: string, at: number): KeyUse | undefined {
    const row = this.#file.statement(FIND).get({ name, at });
    return row && useOf(row);
  }
}

function useOf(row: Row): KeyUse {
  return {
    requestId: String(row.request_id),
    fingerprint: String(row.fingerprint),
    usedAt: Number(row.used_at),
    keptUntil: Number(row.kept_until),
  };
}

function nameOf(tenant: string | undefined, key: string): string {
  return JSON.stringify([key, tenant]);
}
