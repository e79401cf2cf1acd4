import { ConfigurationError } from '../../core/base/errors.ts';
import { hideLogin } from '../../core/base/hide-login.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { NO_OUTPUT_URL } from '../../core/config/settings.ts';
import { TEXT_VARIABLES } from '../../core/config/variable-names.ts';
import {
  INPUT_VARIABLES,
  inputUrlsOf,
  type WorkerEnvironment,
} from '../../core/config/worker-environment.ts';
import { PRIORITIES, type Priority } from '../../core/model/priority.ts';
import type { Broker, InputOptions } from '../../core/ports/broker.ts';
import type { LedgerBook } from '../../core/ports/ledger.ts';
import type { LimitStore } from '../../core/ports/limit-store.ts';
import type { OutputQueue } from '../../core/ports/message-sink.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import type { RecordStore } from '../../core/ports/record-store.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { WebhookEndpointReader } from '../../core/ports/webhooks.ts';
import { CachedEndpoints } from '../../core/webhooks/cached-endpoints.ts';
import { assertDefaultUrl } from '../../core/webhooks/recipient.ts';
import { NO_OUTPUT } from '../../core/wire/no-output.ts';
import type { DirectoryPayloadStore } from '../../stores/directory/payload-store.ts';
import type { SqliteFile } from '../../stores/sqlite/sqlite-file.ts';
import { LanedQueue } from '../../worker/laned-queue.ts';
import { MAX_WAITING_IN_ORDER } from '../../worker/worker.ts';
import type { WorkerPorts } from './worker-ports.ts';

/** The store of payloads and results, also as a directory if it is one. */
interface OpenedPayloads extends Pick<WorkerPorts, 'store' | 'claimCheckSource'> {
  readonly directory?: DirectoryPayloadStore;
}

/** The records of requests with the states of limits, and the file if they are in one. */
interface OpenedRecords {
  readonly records: RecordStore;
  readonly limits: LimitStore;
  readonly file?: SqliteFile;
}

/** Loads a broker: each has a client of its own, and a worker needs one or two. */
type LoadBroker = () => Promise<Broker>;

/** Opens the queues and stores of a worker by their URLs. Dispose of it when the worker has ended. */
export class PortOpener implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #opened: AsyncDisposable[] = [];
  readonly #brokers: Readonly<Record<string, LoadBroker>>;
  #sqlite: Promise<import('../../stores/sqlite/sqlite-broker.ts').SqliteBroker> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
    const sqs = async () => (await import('../../aws/sqs-broker.ts')).SQS;
    const amqp = async () => (await import('../../brokers/amqp.ts')).AMQP;
    const nats = async () => (await import('../../brokers/nats.ts')).NATS;
    const pubsub = async () => (await import('../../brokers/pubsub.ts')).PUBSUB;
    const redis = async () => (await import('../../brokers/redis.ts')).REDIS;
    const kafka = async () => (await import('../../brokers/kafka.ts')).KAFKA;
    this.#brokers = {
      'http:': sqs,
      'https:': sqs,
      'amqp:': amqp,
      'amqps:': amqp,
      'nats:': nats,
      'tls:': nats,
      'pubsub:': pubsub,
      'redis:': redis,
      'rediss:': redis,
      'kafka:': kafka,
      'kafkas:': kafka,
      'sqlite:': () => this.#sqliteBroker(),
    };
  }

  /** @throws ConfigurationError for a URL or a queue that can't be used, and for a broker that can't be reached */
  async open(environment: WorkerEnvironment): Promise<WorkerPorts> {
    const { concurrency, prefetch, maxAttempts } = environment;
    const ordered = environment.order === 'fifo';
    const { store, claimCheckSource, directory } = await this.openPayloads(environment);
    const { records, limits, file } = await this.#openRecords(environment.recordsUrl);
    const ledger = file && (await this.#ledgerOf(file, environment));
    const webhooks = await this.#openWebhooks(environment, file);
    const output =
      environment.outputUrl === NO_OUTPUT_URL
        ? NO_OUTPUT
        : await this.openOutput('COATCHECK_OUTPUT', environment.outputUrl, ordered);
    const deadLetters = environment.deadLettersUrl
      ? await this.openOutput('COATCHECK_DEAD_LETTERS', environment.deadLettersUrl, ordered)
      : undefined;
    const maxInFlight = concurrency + prefetch + (ordered ? MAX_WAITING_IN_ORDER : 0);
    const options = { deadLetters, maxInFlight, ordered, maxAttempts, logger: this.#logger };
    const input = await this.#openInputs(inputUrlsOf(environment), options);
    await this.#startSweeping(environment, file, directory);
    return {
      store,
      records,
      limits,
      output,
      input,
      claimCheckSource,
      ...(ledger && { ledger }),
      ...webhooks,
    };
  }

  /** Opens the queues of requests, as one. */
  async #openInputs(urls: Readonly<Record<Priority, string>>, options: InputOptions): Promise<InputQueue> {
    const lanes: Partial<Record<Priority, InputQueue>> = {};
    const given = PRIORITIES.filter((priority) => urls[priority] !== '');
    for (const priority of given) {
      const variable = INPUT_VARIABLES[priority];
      const url = urlOf(variable, urls[priority]);
      const broker = await this.#brokerOf(variable, url);
      lanes[priority] = await asReached(variable, broker.openInput(url, options));
    }
    return (given.length === 1 && lanes.normal) || new LanedQueue(lanes, Math.random);
  }

  /** Closes what was opened, the latest first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.reverse()) await opened[Symbol.asyncDispose]();
    await (await this.#sqlite)?.[Symbol.asyncDispose]();
  }

  /** @throws ConfigurationError for a URL or a queue that can't be used, and for a broker that can't be reached */
  async openOutput(variable: string, text: string, ordered = false): Promise<OutputQueue> {
    const url = urlOf(variable, text);
    const broker = await this.#brokerOf(variable, url);
    const output = await asReached(variable, broker.openOutput(url, { ordered, logger: this.#logger }));
    this.#opened.push(output);
    return output;
  }

  async #brokerOf(variable: string, { protocol }: URL): Promise<Broker> {
    const load = this.#brokers[protocol];
    if (load) return load();
    const known = Object.keys(this.#brokers).join(' ');
    throw new ConfigurationError(`${variable} must be the URL of a queue: one of ${known}, got ${protocol}`);
  }

  /** @throws ConfigurationError for a URL that is none of a store */
  async openPayloads({
    payloadsUrl,
    concurrency,
  }: Pick<WorkerEnvironment, 'payloadsUrl' | 'concurrency'>): Promise<OpenedPayloads> {
    const [, bucket] = /^s3:\/\/([^/]+)\/?$/.exec(payloadsUrl) ?? [];
    if (bucket !== undefined) {
      const { lazyPayloadStore } = await import('../../aws/lazy-payload-store.ts');
      return { store: lazyPayloadStore(bucket, concurrency), claimCheckSource: bucket };
    }
    const [, path] = /^file:(?:\/\/(?=\/))?(.+)$/.exec(payloadsUrl) ?? [];
    if (path !== undefined) {
      const { DirectoryPayloadStore } = await import('../../stores/directory/payload-store.ts');
      const store = await DirectoryPayloadStore.open(path);
      const { scheme, bucket: name } = store.location;
      return { store, claimCheckSource: `${scheme}://${name}`, directory: store };
    }
    throw new ConfigurationError(
      `COATCHECK_PAYLOADS must be s3://bucket or file:directory, got ${hideLogin(payloadsUrl)}`,
    );
  }

  /** Opens the queue of webhooks: in the file of the records, or that of a deployed service. */
  async #openWebhooks(
    environment: WorkerEnvironment,
    file: SqliteFile | undefined,
  ): Promise<Pick<WorkerPorts, 'webhooks' | 'webhookEndpoints' | 'deliveries'>> {
    const { webhookSecrets, webhookQueueUrl, webhookEndpoints, recordsUrl } = environment;
    assertDefaultUrl(environment);
    if (webhookQueueUrl !== '') {
      const table = webhookEndpoints ? tableOf(recordsUrl) : undefined;
      return {
        webhooks: await this.openOutput(TEXT_VARIABLES.webhookQueueUrl, webhookQueueUrl),
        webhookEndpoints: table === undefined ? undefined : await openEndpoints(table),
      };
    }
    if (!file || webhookSecrets.length === 0) return {};
    const { fileWebhooks } = await import('./file-webhooks.ts');
    return fileWebhooks(file, environment, this.#logger);
  }

  async #openRecords(recordsUrl: string): Promise<OpenedRecords> {
    const table = tableOf(recordsUrl);
    if (table !== undefined) {
      const [{ recordClient }, { DynamoDbRecordStore }, { DynamoDbLimitStore }] = await Promise.all([
        import('../../aws/clients.ts'),
        import('../../aws/dynamodb-record-store.ts'),
        import('../../aws/dynamodb-limit-store.ts'),
      ]);
      const client = recordClient();
      return {
        records: new DynamoDbRecordStore(client, table),
        limits: new DynamoDbLimitStore(client, table),
      };
    }
    if (!recordsUrl.startsWith('sqlite:')) {
      throw new ConfigurationError(
        `COATCHECK_RECORDS must be dynamodb://table or sqlite:folder/file.db, got ${hideLogin(recordsUrl)}`,
      );
    }
    const file = await (await this.#sqliteBroker()).openFile(urlOf('COATCHECK_RECORDS', recordsUrl));
    const [{ SqliteRecordStore }, { SqliteLimitStore }] = await Promise.all([
      import('../../stores/sqlite/record-store.ts'),
      import('../../stores/sqlite/limit-store.ts'),
    ]);
    return { records: new SqliteRecordStore(file), limits: new SqliteLimitStore(file), file };
  }

  async #ledgerOf(file: SqliteFile, environment: WorkerEnvironment): Promise<LedgerBook> {
    const inputs = Object.values(inputUrlsOf(environment)).flatMap((url) => URL.parse(url) ?? []);
    return (await this.#sqliteBroker()).ledgerOf(file, inputs);
  }

  /** Deletes what files and directories keep no longer. S3 and DynamoDB do that by themselves. */
  async #startSweeping(
    { recordsUrl, resultAgeDays }: WorkerEnvironment,
    file: SqliteFile | undefined,
    payloads: DirectoryPayloadStore | undefined,
  ): Promise<void> {
    if (!file && !payloads) return;
    const { addReferrers, startSweeping, WEBHOOK_QUEUE_SECONDS } = await import(
      '../../embedded/retention.ts'
    );
    if (payloads) {
      const files = (await (await this.#sqlite)?.openFiles()) ?? [];
      await addReferrers(payloads, { files, tables: file ? [] : [recordsUrl] }, resultAgeDays);
    }
    const retention = { file, payloads, queueSeconds: WEBHOOK_QUEUE_SECONDS, clock: Date };
    this.#opened.push(startSweeping(retention, this.#logger));
  }

  #sqliteBroker() {
    this.#sqlite ??= import('../../stores/sqlite/sqlite-broker.ts').then(
      ({ SqliteBroker }) => new SqliteBroker(Date),
    );
    return this.#sqlite;
  }
}

function urlOf(variable: string, text: string): URL {
  const url = URL.parse(text);
  if (url) return url;
  const hint = /^[a-z]+:\/\/[^/?]*,/.test(text)
    ? '. Name one host, and the others as ?servers=host:port,host:port'
    : '';
  throw new ConfigurationError(`${variable} must be a URL, got ${hideLogin(text)}${hint}`);
}

/**
 * Explains that a broker can't be reached. That is what a broker's plain error and the system's mean here; any other error
 * is passed on.
 */
async function asReached<Queue>(variable: string, opening: Promise<Queue>): Promise<Queue> {
  try {
    return await opening;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'Error') throw cause;
    throw new ConfigurationError(
      `${messageOf(cause)}\nstart the server, or correct the URL in ${variable}, then start again`,
      { cause },
    );
  }
}

/** The table in a URL of records; undefined if they are elsewhere. */
function tableOf(recordsUrl: string): string | undefined {
  return /^dynamodb:\/\/([^/]+)\/?$/.exec(recordsUrl)?.[1];
}

/** Opens the webhook endpoints of a deployed service. */
async function openEndpoints(table: string): Promise<WebhookEndpointReader> {
  const [{ recordClient }, { DynamoDbWebhookEndpointReader }] = await Promise.all([
    import('../../aws/clients.ts'),
    import('../../aws/dynamodb-webhook-endpoint-reader.ts'),
  ]);
  return new CachedEndpoints(new DynamoDbWebhookEndpointReader(recordClient(), table), Date);
}
