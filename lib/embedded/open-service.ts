import { ConfigurationError } from '../core/base/errors.ts';
import { quote } from '../core/base/quote.ts';
import { versionProblem } from '../core/config/handler-version.ts';
import { assertLimits, type Limit } from '../core/config/limits.ts';
import { assertRecordMetadata } from '../core/config/record-metadata.ts';
import { CALLBACKS, ON_EXHAUSTED, type OnExhausted, WEBHOOK_EVENTS } from '../core/config/settings.ts';
import {
  ANYTHING,
  assertOptions,
  concealed,
  FLAG,
  having,
  listOf,
  NUMBER,
  objectOf,
  oneOf,
  openObjectOf,
  recordOf,
  required,
  shape,
  TEXT,
} from '../core/config/shape.ts';
import { versionVariable } from '../core/config/variable-names.ts';
import { readVariables } from '../core/config/variables.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { type ProcessorExport, requireProcessor } from '../core/processor/handler.ts';
import { processLogger } from '../lambda/powertools-logger.ts';
import { notePublications } from '../stores/sqlite/ledger.ts';
import { addReferrers } from './retention.ts';
import { Service } from './service.ts';
import type { ServiceParts } from './service-parts.ts';
import { type ServiceSettings, serviceSettings, type WebhookOptions, webhookSecretsOf } from './settings.ts';
import { CLAIM_CHECK_SOURCE, type Order, Storage } from './storage.ts';
import { TopicProcessors } from './topic-processors.ts';
import { openWebhookEndpoints } from './webhook-endpoints.ts';

/** How to open a service. */
export interface ServiceOptions {
  /**
   * Path of the SQLite file. Payloads and results that are too large for it go to a directory beside it, whose name ends
   * with `-payloads`. Several processes on one machine may open the same file; it must be on a local disk.
   */
  readonly file: string;
  /** What `processor()` returned. @default - requests are run by another process that opens the file */
  readonly processor?: ProcessorExport;
  /**
   * Several processors by the patterns of their topics, instead of one, such as `{ 'images.*': resize, report }`. The one with the
   * closest pattern runs a request: see docs/topics.md. All processes that run requests of the file need the same ones.
   */
  readonly processors?: Readonly<Record<string, ProcessorExport>>;
  /**
   * With false, outcomes aren't queued for {@link Service.consume}: they are in the records, for {@link Service.wait}, and
   * in webhooks. @default - they are
   */
  readonly output?: false;
  /** @default - the defaults of a deployed service */
  readonly settings?: ServiceSettings;
  /**
   * Limits of the requests that share a key, across all processes that open the file: see docs/limits.md. All of them need the
   * same ones. @default - no limits
   */
  readonly limits?: readonly Limit[];
  /**
   * The keys of metadata that records keep, to list requests by: at most 5. Values of more than 128 bytes aren't kept. All
   * processes that open the file need the same ones. See docs/requests.md. @default - none
   */
  readonly recordMetadata?: readonly string[];
  /** Names the service in logs and as the `source` of its outcomes. @default 'coatcheck' */
  readonly serviceName?: string;
  /**
   * Identifies the code of the processor, such as a commit or a release: 1 to 128 letters, digits and `. _ + : -`. It is in
   * the record of each request that it handles, in logs and in traces. @default - the variable `COATCHECK_VERSION`
   */
  readonly version?: string;
  /**
   * With `fifo`, requests of one tenant and {@link ServiceSubmitOptions.orderingKey} run one after another, in the order in which
   * they were submitted; those of different keys run at the same time. A request that is retried holds up the ones behind it
   * until it succeeds or has used up its attempts: see {@link onExhausted}. The file keeps order from then on; open it with
   * `fifo` in all processes. @default - requests run at the same time
   */
  readonly order?: Order;
  /**
   * What a request that has used up its attempts does to those behind it, with `order`. `skip`: it is dead-lettered, and they
   * continue. `block`: it is retried until it succeeds, is cancelled or expires, and they wait. @default 'skip'
   */
  readonly onExhausted?: OnExhausted;
  /** @default - no webhooks */
  readonly webhooks?: WebhookOptions;
  /**
   * How long {@link Service.close} lets handlers run on, in seconds. What hasn't begun goes back to the queue at once, and so does what
   * stops when its signal fires; with 0, that is at once, and there is a quarter of a second for it. A request whose handler runs on
   * stays leased for up to 30 seconds, so that it doesn't run twice at a time. @default 25
   */
  readonly graceSeconds?: number;
  /** @default - lines of JSON on standard output, level by `POWERTOOLS_LOG_LEVEL` */
  readonly logger?: Logger;
}

/** Secrets, events and ports have checks of their own. */
const WEBHOOKS = objectOf<WebhookOptions>({
  secrets: required(concealed(listOf(concealed(TEXT)))),
  defaultUrl: TEXT,
  events: listOf(oneOf(WEBHOOK_EVENTS)),
  callbacks: oneOf(CALLBACKS),
  callbackPorts: listOf(NUMBER),
  endpoints: FLAG,
});

/** Limits, versions and the like have checks of their own. */
const OPTIONS = objectOf<ServiceOptions>({
  file: required(shape('the path of a file', (value) => typeof value === 'string' && value !== '')),
  processor: ANYTHING,
  processors: recordOf(ANYTHING),
  output: shape('false or left out', (value) => value === false),
  settings: openObjectOf({}),
  limits: ANYTHING,
  recordMetadata: ANYTHING,
  serviceName: TEXT,
  version: ANYTHING,
  order: ANYTHING,
  onExhausted: ANYTHING,
  webhooks: concealed(WEBHOOKS),
  graceSeconds: shape('a number from 0', (value) => typeof value === 'number' && value >= 0),
  logger: having('info', 'a logger'),
});

const DEFAULT_NAME = 'coatcheck';

/** Under most orchestrators a process has 30 s before it is killed. */
const DEFAULT_GRACE_SECONDS = 25;

/**
 * Opens a service in this process: queue, engine and records in a file, with no other server. A request that was
 * submitted survives the end of the process, however it ends; it is run by the next process that opens the file. The same
 * processor runs on AWS by `AsyncService`, and on a broker by `coatcheck worker`.
 *
 *     import { processor } from 'coatcheck';
 *     import { openService } from 'coatcheck/embedded';
 *
 *     const handler = processor(async (request) => ({ size: (await request.text()).length }));
 *     await using service = await openService({ file: 'data/jobs.db', processor: handler });
 *     const { id } = await service.submit('some text');
 *     const outcome = await service.wait(id);
 *     if (outcome.status === 'succeeded') console.log(await outcome.result.json());
 *
 * Needs Node 24 or later.
 * @throws ConfigurationError for options and settings that are unknown, null or out of bounds, a processor that isn't one, or a Node
 *   without SQLite; Error when the file is another program's, or can't be opened
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  assertOptions('openService()', options, OPTIONS);
  return openServiceAt(options, Date);
}

/** Opens a service by another clock. */
export async function openServiceAt(options: ServiceOptions, clock: Clock): Promise<Service> {
  const { processor: only, processors } = options;
  if (only && processors)
    throw new ConfigurationError('openService() takes processor or processors, got both');
  const byTopic = processors && new TopicProcessors(processors);
  const processor = byTopic?.processor ?? (only && requireProcessor(only, 'openService'));
  return new Service({ ...(await openParts(options, clock)), processor, byTopic });
}

/** Opens the parts of a service. */
export async function openParts(
  options: Omit<ServiceOptions, 'processor' | 'processors'>,
  clock: Clock,
): Promise<Omit<ServiceParts, 'processor'>> {
  const { file, settings: given = {}, serviceName = DEFAULT_NAME, webhooks, output = true, order } = options;
  const handlerVersion = versionOf(options);
  const { graceSeconds = DEFAULT_GRACE_SECONDS, logger = processLogger({ serviceName, handlerVersion }) } =
    options;
  const webhookSecrets = webhooks && webhookSecretsOf(webhooks);
  const settings = serviceSettings(given, {
    serviceName,
    handlerVersion,
    source: CLAIM_CHECK_SOURCE,
    webhooks,
  });
  const { limits = settings.limits, recordMetadata = settings.recordMetadata } = options;
  assertLimits(limits);
  assertRecordMetadata(recordMetadata);
  assertOrder(options);
  const storage = await Storage.open(file, clock, order);
  await notePublications(storage.file, output, clock.now());
  await addReferrers(storage.payloads, { files: [storage.file] }, settings.resultAgeDays);
  const { onExhausted = settings.onExhausted } = options;
  return {
    storage,
    settings: { ...settings, limits, recordMetadata, onExhausted },
    webhookSecrets,
    webhookEndpoints:
      webhookSecrets && webhooks?.endpoints
        ? openWebhookEndpoints(storage, settings, webhookSecrets)
        : undefined,
    hasOutput: output,
    graceSeconds,
    logger,
  };
}

/** @throws ConfigurationError */
function assertOrder({ order, onExhausted }: Pick<ServiceOptions, 'order' | 'onExhausted'>): void {
  if (order !== undefined && order !== 'fifo') {
    throw new ConfigurationError(`order must be 'fifo' or left out, got ${quote(order)}`);
  }
  if (onExhausted === undefined) return;
  if (!ON_EXHAUSTED.includes(onExhausted)) {
    throw new ConfigurationError(
      `onExhausted must be one of ${ON_EXHAUSTED.join(', ')}, got ${quote(onExhausted)}`,
    );
  }
  if (order === undefined) {
    throw new ConfigurationError(
      `onExhausted needs order: 'fifo', got ${onExhausted} without it: no request waits for another`,
    );
  }
}

/** @throws ConfigurationError */
function versionOf({ version }: Pick<ServiceOptions, 'version'>): string | undefined {
  if (version === undefined) {
    const variables = { version: versionVariable() };
    return readVariables(variables, process.env, "The service's environment").version;
  }
  const problem = versionProblem('version', version);
  if (problem) throw new ConfigurationError(problem);
  return version;
}
