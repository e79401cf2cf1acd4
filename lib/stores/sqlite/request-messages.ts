import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { DecodedRequest } from '../../core/model/decoded-request.ts';
import type { RequestIdentity } from '../../core/model/request-id.ts';
import type { RequestMessages } from '../../core/ports/request-messages.ts';
import { decode } from '../../core/wire/decode.ts';
import { MessageRequests } from './message-requests.ts';
import { messageOf } from './message-table.ts';
import { recordKey } from './record-store.ts';
import type { SqliteFile } from './sqlite-file.ts';

const FIND = `SELECT messages.* FROM temp.message_requests AS requests JOIN messages USING (number)
  WHERE requests.request = :request AND requests.queue IN (SELECT value FROM json_each(:queues)) ORDER BY number`;

/** Limits of services may be lower: the message was sent, so it is shown. */
const LIMITS = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.max };

/** Reads the messages of requests in a file. The first search decodes all messages, a later one those that came since. */
export class SqliteRequestMessages implements RequestMessages {
  readonly #file: SqliteFile;
  readonly #queues: readonly string[];
  readonly #requests: MessageRequests;

  /** @param queues of requests and of their dead letters */
  constructor(file: SqliteFile, queues: readonly string[]) {
    this.#file = file;
    this.#queues = queues;
    this.#requests = new MessageRequests(file, queues);
  }

  async find(request: RequestIdentity): Promise<readonly DecodedRequest[]> {
    await this.#requests.refresh();
    const key = recordKey(request);
    const rows = this.#file.statement(FIND).all({ request: key, queues: JSON.stringify(this.#queues) });
    return rows
      .flatMap((row) => decode(messageOf(row), LIMITS))
      .filter((each) => 'metadata' in each)
      .filter((each) => recordKey(each) === key);
  }
}
