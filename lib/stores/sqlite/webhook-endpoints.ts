import type { StoredEndpoints, WebhookEndpointStore } from '../../core/ports/webhooks.ts';
import type { SqliteFile } from './sqlite-file.ts';

const READ = 'SELECT revision, endpoints FROM webhook_endpoints WHERE tenant = :tenant';

const INSERT = `INSERT INTO webhook_endpoints (tenant, revision, endpoints)
  VALUES (:tenant, :revision, :endpoints) ON CONFLICT (tenant) DO NOTHING`;

const UPDATE = `UPDATE webhook_endpoints SET revision = :revision, endpoints = :endpoints
  WHERE tenant = :tenant AND revision = :revision - 1`;

/** Webhook endpoints in a file, a row for each tenant. */
export class SqliteWebhookEndpoints implements WebhookEndpointStore {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async read(tenant: string | undefined): Promise<StoredEndpoints> {
    const row = this.#file.statement(READ).get({ tenant: keyOf(tenant) });
    if (!row) return { endpoints: [], revision: 0 };
    return { endpoints: JSON.parse(String(row.endpoints)), revision: Number(row.revision) };
  }

  write(tenant: string | undefined, { endpoints, revision }: StoredEndpoints): Promise<boolean> {
    const row = { tenant: keyOf(tenant), revision, endpoints: JSON.stringify(endpoints) };
    const statement = revision === 1 ? INSERT : UPDATE;
    return this.#file.write(() => this.#file.statement(statement).run(row).changes === 1);
  }
}

/** No tenant has the name of those without one: JSON quotes names. */
function keyOf(tenant: string | undefined): string {
  return JSON.stringify(tenant ?? null);
}
