import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoopbackAccess } from '../../lib/cli/console/loopback-access.ts';
import { listen } from '../../lib/cli/http-server.ts';
import { bearer, CoatcheckClient } from '../../lib/client/index.ts';
import { createConsole } from '../../lib/console/console.ts';
import type { RequestIdentity } from '../../lib/core/model/request-id.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { WebhookState } from '../../lib/core/model/webhook-state.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { openParts, type ServiceOptions } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import type { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';
import { SqliteWebhookStates } from '../../lib/stores/sqlite/webhook-states.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';

/** How to open a service with a console. */
export interface ConsoleServiceOptions
  extends Pick<ServiceOptions, 'limits' | 'recordMetadata' | 'version' | 'settings' | 'processors'> {
  /** @default - requests wait */
  readonly handler?: Handler;
  readonly allowActions?: boolean;
  /** Whether the console has the key of an operator. @default true */
  readonly isOperator?: boolean;
}

/** A console. */
export interface OpenConsole extends AsyncDisposable {
  readonly url: string;
  /** The link that works once. */
  readonly startUrl: string;
  /** What it printed. */
  readonly printed: readonly string[];
}

/** A service in a file with its API and a console, as `coatcheck serve` and `coatcheck console` have them. */
export interface ConsoleService extends OpenConsole {
  readonly client: CoatcheckClient;
  readonly service: Service;
  /** That of the service. */
  readonly file: SqliteFile;
  /** Writes records of requests. */
  readonly write: (records: Iterable<RequestRecord>) => Promise<void>;
  /** Notes the state of a request's webhook, as a delivery does. */
  readonly noteWebhook: (request: RequestIdentity, state: WebhookState) => Promise<void>;
  /** Stops the API. */
  readonly stopApi: () => Promise<void>;
}

const KEYS = { operator: 'o'.repeat(32), caller: 'c'.repeat(32) };

const DAY = 86_400_000;

/** In a transaction. The service goes on between two of them. */
const WRITTEN_AT_ONCE = 10_000;

/** Opens a service with a console. */
export async function openConsoleService({
  handler,
  allowActions = false,
  isOperator = true,
  ...options
}: ConsoleServiceOptions = {}): Promise<ConsoleService> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-console-'));
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const parts = await openParts(
    {
      file: join(folder, 'service.db'),
      logger: new CollectingLogger(),
      graceSeconds: 0,
      webhooks: { secrets: [secret], callbacks: 'local', endpoints: true },
      ...options,
    },
    Date,
  );
  const service = new Service({ ...parts, processor: handler && defineProcessor(handler) });
  const api = await listenLocally(true);
  const apiKeys = { operators: [KEYS.operator], callers: [KEYS.caller] };
  api.use(createServiceApi({ ...parts, baseUrl: api.url, transferKey: randomBytes(32), apiKeys }));
  const auth = bearer(isOperator ? KEYS.operator : KEYS.caller);
  const client = new CoatcheckClient({ baseUrl: api.url, retry: { attempts: 1 }, auth });
  const opened = await openConsole(client, api.url, allowActions);
  let stopped: Promise<void> | undefined;
  const stopApi = () => (stopped ??= api.close());
  return {
    ...opened,
    client,
    service,
    file: parts.storage.file,
    stopApi,
    noteWebhook: (request, state) => new SqliteWebhookStates(parts.storage.file).note(request, state),
    write: async (records) => {
      const { file, clock } = parts.storage;
      const store = new SqliteRecordStore(file);
      const left = records[Symbol.iterator]();
      const writeSome = () => {
        for (let written = 0; written < WRITTEN_AT_ONCE; written++) {
          const { value, done } = left.next();
          if (done) return false;
          store.writing({ record: value, revision: 1, keptUntil: clock.now() + DAY })();
        }
        return true;
      };
      let isMore = true;
      while (isMore) isMore = await file.write(writeSome);
    },
    [Symbol.asyncDispose]: async () => {
      await opened[Symbol.asyncDispose]();
      await stopApi();
      await service.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Opens a console of a service. */
export async function openConsole(
  client: CoatcheckClient,
  apiUrl: string,
  allowActions = false,
): Promise<OpenConsole> {
  const page = await listenLocally(false);
  const access = new LoopbackAccess(client, allowActions);
  const printed: string[] = [];
  const ended = new AbortController();
  page.use(
    createConsole({
      access,
      shell: { url: apiUrl, cliOptions: ['--api', apiUrl], queueOptions: [], curlOptions: [] },
      version: '0.1.0',
      logPlace: 'the log of the test',
      log: (line) => void printed.push(line),
      signal: ended.signal,
    }),
  );
  return {
    url: page.url,
    startUrl: access.startUrl(page.url),
    printed,
    [Symbol.asyncDispose]: async () => {
      ended.abort();
      await page.close();
    },
  };
}

function listenLocally(onlyLocal: boolean) {
  return listen({ host: '127.0.0.1', port: 0, onlyLocal });
}

/** Records of requests with ids that count, the newest created last, a second apart until now. */
export function* manyRecords(count: number, now = Date.now()): Generator<RequestRecord> {
  for (let number = 0; number < count; number++) {
    const at = now - 1_000 * (count - number);
    yield {
      request: { id: `request-${number}`, source: '', topic: `images.${number % 3}` },
      status: 'queued',
      attempts: 0,
      createdAt: at,
      updatedAt: at,
    };
  }
}
