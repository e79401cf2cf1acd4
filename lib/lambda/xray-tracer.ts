import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Variables } from '../core/config/variables.ts';
import type { TracedAttempt, Tracer } from '../core/ports/telemetry.ts';
import { positionOfTraceparent, readTraceHeader, type XRayPosition } from './xray-header.ts';

/** What comes before each document. @see https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html */
const DATAGRAM_HEADER = '{"format": "json", "version": 1}\n';

/** Longest message of an error, in characters: a document must fit a datagram. */
const MESSAGE_MAX_LENGTH = 1_000;

/**
 * Traces attempts with X-Ray: each is a subsegment of the invocation's trace, found by its annotations and linked to
 * the trace its request belongs to. Lambda runs the daemon that takes them, by UDP.
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html for what the environment says
 */
export class XRayTracer implements Tracer {
  readonly #variables: Variables;
  #socket: Promise<Socket> | undefined;
  #sends: Promise<void>[] = [];

  /** @param variables the environment, in which Lambda says of every invocation anew where in which trace it is */
  constructor(variables: Variables) {
    this.#variables = variables;
  }

  add(attempt: TracedAttempt): void {
    const position = readTraceHeader(this.#variables._X_AMZN_TRACE_ID);
    const daemon = this.#variables.AWS_XRAY_DAEMON_ADDRESS;
    if (!position?.sampled || !daemon) return;
    // What can't be sent is forgotten: a trace isn't worth a log line for every request.
    const sent = this.#send(JSON.stringify(documentOf(attempt, position)), daemon).catch(() => {});
    this.#sends.push(sent);
  }

  async flush(): Promise<void> {
    await Promise.all(this.#sends.splice(0));
  }

  async #send(document: string, daemon: string): Promise<void> {
    const [host, port] = daemon.split(':');
    const socket = await this.#opened();
    await new Promise<void>((resolve) => {
      socket.send(DATAGRAM_HEADER + document, Number(port), host, () => resolve());
    });
  }

  /** Opened when first used: nobody who isn't traced loads what it takes. Where that fails, the next one tries again. */
  #opened(): Promise<Socket> {
    this.#socket ??= open().catch((error) => {
      this.#socket = undefined;
      throw error;
    });
    return this.#socket;
  }
}

/** A socket that can send. Bound by its first send, it would end the process if there were no file descriptor left. */
async function open(): Promise<Socket> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4').unref();
  await once(socket.bind(), 'listening');
  return socket.on('error', () => {});
}

function documentOf(attempt: TracedAttempt, { traceId, parentId }: XRayPosition) {
  const { requestId, tenant, ended, error, traceparent } = attempt;
  return {
    type: 'subsegment',
    name: 'attempt',
    id: newId(),
    trace_id: traceId,
    parent_id: parentId,
    start_time: attempt.startedAt / 1000,
    end_time: attempt.endedAt / 1000,
    annotations: { request_id: requestId, tenant, outcome: ended },
    metadata: { coatcheck: { attempt: attempt.attempt, traceparent } },
    links: traceparent && [linkTo(positionOfTraceparent(traceparent))],
    ...(error && troubleOf(error, ended === 'retried')),
  };
}

/** To another trace, as AWS's exporter of OpenTelemetry writes it. */
function linkTo({ traceId, parentId }: XRayPosition) {
  return { trace_id: traceId, id: parentId };
}

/** X-Ray tells faults, which may pass, from errors, which are the request's. */
function troubleOf({ type, message }: NonNullable<TracedAttempt['error']>, mayPass: boolean) {
  return {
    ...(mayPass ? { fault: true } : { error: true }),
    cause: { exceptions: [{ id: newId(), type, message: message.slice(0, MESSAGE_MAX_LENGTH) }] },
  };
}

/** 16 hexadecimal digits, by which a subsegment, or an exception in it, is known. */
function newId(): string {
  return randomBytes(8).toString('hex');
}
