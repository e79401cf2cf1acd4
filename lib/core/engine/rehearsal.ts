import { PauseUntil, RequestIdReused } from '../base/errors.ts';
import { mapConcurrently } from '../base/map-concurrently.ts';
import { Semaphore } from '../base/semaphore.ts';
import { summarizeError } from '../base/serialize-error.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import type { Decoded, DecodedRequest } from '../model/decoded-request.ts';
import type { ReceivedMessage, SourceCapabilities } from '../model/received-message.ts';
import type { MessageRehearsal, Rehearsal, RehearsedMessage } from '../model/rehearsal.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { Processor } from '../processor/handler.ts';
import { RequestRecords } from '../records/request-records.ts';
import { decode } from '../wire/decode.ts';
import { NO_OUTPUT } from '../wire/no-output.ts';
import { Attempt } from './attempt.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptSpan } from './attempt-tracing.ts';
import { Circuit } from './circuit-breaker.ts';
import type { Deadline } from './deadline.ts';
import type { EnginePorts } from './engine-ports.ts';
import { AttemptNotStarted, AttemptSuspended, RequestLeased, TooEarly, VersionTooOld } from './errors.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { FREE, Limiter } from './limiter.ts';
import { decodeOffloaded, isOffloaded } from './offloaded.ts';
import { OutcomePublisher } from './outcome-publisher.ts';
import { ShadowPayloadStore } from './shadow-payload-store.ts';
import { ShadowRecordStore } from './shadow-record-store.ts';

/** What a rehearsal runs with: that of the engine. */
export interface RehearsalParts {
  readonly processor: Processor;
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  /** The queue that a redrive puts messages back into. */
  readonly source: SourceCapabilities;
}

/** The errors of attempts that neither succeed nor fail. */
const UNDECIDED = [
  AttemptNotStarted,
  AttemptSuspended,
  PauseUntil,
  RequestIdReused,
  RequestLeased,
  TooEarly,
  VersionTooOld,
];

/**
 * Runs the requests of messages as one attempt each, and keeps nothing of it. Reads the payloads, the records and the secrets
 * of the service, and changes nothing there. Takes no permits of limits. Never rejects.
 * @returns in the order of the messages
 */
export function rehearse(
  messages: readonly RehearsedMessage[],
  parts: RehearsalParts,
  deadline: Deadline,
): Promise<MessageRehearsal[]> {
  return mapConcurrently(messages, parts.settings.concurrency, async (message) => {
    const { id: messageId } = message;
    if (deadline.startDeadline.aborted) return { messageId };
    return { messageId, requests: await new MessageRun(message, parts, deadline).run() };
  });
}

/** The run of one message. Nothing of it affects the run of another: each has its own shadows and its own circuit breaker. */
class MessageRun {
  readonly #message: ReceivedMessage;
  readonly #parts: RehearsalParts;
  readonly #deadline: Deadline;

  constructor(message: RehearsedMessage, parts: RehearsalParts, deadline: Deadline) {
    this.#message = received(message, parts);
    this.#parts = { ...parts, settings: rehearsedSettings(parts.settings), ports: shadowsOf(parts) };
    this.#deadline = deadline;
  }

  async run(): Promise<Rehearsal[]> {
    const decoded = decode(this.#message, this.#parts.settings);
    return (await Promise.all(decoded.map((each) => this.#runDecoded(each)))).flat();
  }

  async #runDecoded(decoded: Decoded): Promise<Rehearsal[]> {
    if ('rejection' in decoded) return [failedBy(decoded.rejection, decoded)];
    if (!isOffloaded(decoded)) return [await this.#attempt(decoded)];
    const { settings, ports } = this.#parts;
    try {
      const { handlerDeadline } = this.#deadline;
      const found = await decodeOffloaded(decoded, this.#message, ports.store, settings, handlerDeadline);
      return (await Promise.all(found.map((each) => this.#runDecoded(each)))).flat();
    } catch (error) {
      return [failedBy(error, decoded)];
    }
  }

  async #attempt(request: DecodedRequest): Promise<Rehearsal> {
    const span = this.#startSpan(request);
    try {
      const { outcome } = await new Attempt(request, this.#message, this.#contextOf(span)).run(FREE);
      if (outcome.status === 'succeeded') return { ...identityOf(request), result: 'succeeds' };
      const { code, detail: message } = outcome.problem;
      return { ...identityOf(request), result: 'fails', code, message };
    } catch (error) {
      return failedBy(error, request);
    } finally {
      span.endRehearsed();
    }
  }

  #contextOf(span: AttemptSpan): AttemptContext {
    const { processor, settings, ports } = this.#parts;
    const now = () => ports.clock.now();
    return {
      processor,
      settings,
      ports,
      records: new RequestRecords(ports.records, now, settings.recordAgeDays),
      publisher: new OutcomePublisher(settings, ports, () => false),
      circuit: new Circuit(settings, { pauses: undefined, now, logger: ports.logger }),
      metrics: undefined,
      meter: undefined,
      leases: new LeaseKeeper(now, ports.logger),
      limiter: new Limiter(settings, ports),
      takeOvers: new Semaphore(1),
      deadline: this.#deadline,
      span,
      message: this.#message,
      retrySeconds: () => 0,
      isRehearsal: true,
    };
  }

  #startSpan(request: DecodedRequest): AttemptSpan {
    const { settings, ports } = this.#parts;
    return new AttemptSpan({
      request,
      messageId: this.#message.id,
      attempt: 1,
      handlerVersion: settings.handlerVersion,
      source: ports.source,
      now: () => ports.clock.now(),
    });
  }
}

/** An attempt that fails says why, instead of that the attempts are used up. */
function rehearsedSettings(settings: EngineSettings): EngineSettings {
  return { ...settings, limits: [], maxAttempts: Number.MAX_SAFE_INTEGER };
}

/** Ports that read what the engine's read, and change nothing. Those that only tell others are left out. */
function shadowsOf({ settings, ports }: RehearsalParts): EnginePorts {
  const { store, records, output, secrets, source, logger, clock, random } = ports;
  const { maxMessageBytes, fansOut } = output;
  return {
    store: new ShadowPayloadStore(store, settings.inlineLimitBytes),
    records: new ShadowRecordStore(records),
    output: { ...NO_OUTPUT, maxMessageBytes, fansOut, sizeOf: (message) => output.sizeOf(message) },
    secrets,
    source,
    logger: logger.child({ rehearsal: true }),
    clock,
    random,
  };
}

/** The message as a redrive puts it back. It can't be settled, because it isn't in a queue. */
function received(
  { id, body, attributes, group }: RehearsedMessage,
  { ports, source }: RehearsalParts,
): ReceivedMessage {
  const { maxDeliveries: _, ...capabilities } = source;
  const unsettled = () => Promise.reject(new Error('A message of a rehearsal is in no queue'));
  return {
    id,
    body,
    attributes,
    ...(group !== undefined && { group }),
    deliveryCount: 1,
    sentAt: ports.clock.now(),
    source: capabilities,
    ack: unsettled,
    retryAfter: unsettled,
    extend: unsettled,
    deadLetter: unsettled,
  };
}

function failedBy(error: unknown, request: RequestIdentity): Rehearsal {
  const isUndecided = UNDECIDED.some((kind) => error instanceof kind);
  const { code, name, message } = summarizeError(error);
  return {
    ...identityOf(request),
    result: isUndecided ? 'undecided' : 'fails',
    code: code ?? name,
    message,
  };
}

function identityOf({ id, source, tenant }: RequestIdentity): RequestIdentity {
  return { id, source, ...(tenant !== undefined && { tenant }) };
}
