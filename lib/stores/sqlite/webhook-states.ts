import type { RequestIdentity } from '../../core/model/request-id.ts';
import type { WebhookState } from '../../core/model/webhook-state.ts';
import type { WebhookStates } from '../../core/ports/webhooks.ts';
import { recordKey } from './record-store.ts';
import type { SqliteFile } from './sqlite-file.ts';

const NOTE = `UPDATE records SET webhook = :webhook, webhook_ended_at = :endedAt, webhook_at = :at
  WHERE key = :key AND (webhook IS NULL OR (webhook_ended_at, webhook_at) < (:endedAt, :at))`;

/** Webhook states beside the records in a file. */
export class SqliteWebhookStates implements WebhookStates {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async note(request: RequestIdentity, { endedAt, at, ...rest }: WebhookState): Promise<void> {
    const row = { key: recordKey(request), webhook: JSON.stringify(rest), endedAt, at };
    await this.#file.write(() => this.#file.statement(NOTE).run(row));
  }
}
