import { mapConcurrently } from '../base/map-concurrently.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import type { ReceivedMessage, SourceCapabilities } from '../model/received-message.ts';
import type { MessageRehearsal, Rehearsal, RehearsedMessage } from '../model/rehearsal.ts';
import type { Deadline } from './deadline.ts';
import type { Engine, RehearsedAttempt } from './engine.ts';
import type { EnginePorts } from './engine-ports.ts';
import { ShadowPayloadStore } from './shadow-payload-store.ts';
import { ShadowRecordStore } from './shadow-record-store.ts';

/** The dependencies of a rehearsal. */
export interface RehearsalParts {
  /** The settings of the engine that runs redriven requests. */
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  /** The queue that a redrive puts messages back into. */
  readonly source: SourceCapabilities;
  /**
   * Makes an engine of the processor. An import of the engine would split a bundle that loads this file lazily into more
   * files, which start slower.
   */
  readonly newEngine: (settings: EngineSettings, ports: EnginePorts) => Engine;
}

/** The codes of errors by which an attempt neither succeeds nor fails. */
const UNDECIDED: ReadonlySet<string | undefined> = new Set([
  'attempt_not_started',
  'attempt_suspended',
  'paused',
  'request_id_reused',
  'request_leased',
  'too_early',
  'version_too_old',
]);

/**
 * Runs the requests of messages as one attempt each, and keeps nothing of it. Reads the payloads, the records and the secrets
 * of the service, and changes none of them. Takes no permits. Never rejects.
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
    // Nothing of a run affects another one: each has its own shadows and its own circuit breaker.
    const engine = parts.newEngine(rehearsedSettings(parts.settings), shadowsOf(parts));
    const attempts = await engine.rehearse(received(message, parts), deadline);
    return { messageId, requests: attempts.map(rehearsalOf) };
  });
}

/** Without a limit of attempts, so that a failed attempt reports its own error. */
function rehearsedSettings(settings: EngineSettings): EngineSettings {
  return { ...settings, limits: [], maxAttempts: Number.MAX_SAFE_INTEGER };
}

/** Ports that read through to the ports of the engine and write nothing. Ports that only report are left out. */
function shadowsOf({ settings, ports }: RehearsalParts): EnginePorts {
  const { store, records, output, secrets, source, logger, clock, random } = ports;
  const { maxMessages, maxBytes, maxMessageBytes, fansOut } = output;
  return {
    store: new ShadowPayloadStore(store, settings.inlineLimitBytes),
    records: new ShadowRecordStore(records),
    output: {
      ...{ maxMessages, maxBytes, maxMessageBytes, fansOut },
      lingerMilliseconds: 0,
      sizeOf: (message) => output.sizeOf(message),
      send: async (pieces) => pieces.map(() => ({ sent: true })),
    },
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

function rehearsalOf({ request: { id, source, tenant }, outcome, error }: RehearsedAttempt): Rehearsal {
  const request = { id, source, ...(tenant !== undefined && { tenant }) };
  if (outcome?.status === 'succeeded') return { ...request, result: 'succeeds' };
  const code = outcome?.problem.code ?? error?.code;
  return {
    ...request,
    result: outcome === undefined && UNDECIDED.has(code) ? 'undecided' : 'fails',
    code: code ?? error?.name,
    message: outcome?.problem.detail ?? error?.message,
  };
}
