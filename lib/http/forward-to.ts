import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { ConfigurationError, DownstreamUnavailable, RetryLater } from '../core/base/errors.ts';
import { hideLogin } from '../core/base/hide-login.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import type { ResponseLike } from '../core/base/web-bodies.ts';
import { assertObject } from '../core/config/shape.ts';
import { CALL_PARTS, type CallPart } from '../core/model/http-call.ts';
import type { Handler, ProcessorRequest } from '../core/processor/handler.ts';
import { requestHeaders } from '../core/processor/request-headers.ts';
import { DEFAULT_START_SECONDS } from './forward-defaults.ts';
import { ForwardedResponse } from './forwarded-response.ts';
import { type Call, requestedCall } from './requested-call.ts';
import { ServiceStart } from './service-start.ts';

/** Configures {@link forwardTo}. */
export interface ForwardOptions {
  /**
   * The longest time from the call to the end of the response, in seconds. The attempt then fails and is retried.
   * @default - the attempt's own time
   */
  readonly timeoutSeconds?: number | undefined;
  /**
   * A path of the service that answers 2xx once it can take calls, such as `/health`.
   * @default - the service is up once it accepts connections
   */
  readonly readyPath?: string | undefined;
  /** How long the first calls wait until the service is up, in seconds. @default 60 */
  readonly startSeconds?: number | undefined;
  /**
   * What of the call the messages of TrueFoundry's async service choose. A path stays on the host of the URL and in the
   * folder of its path: below `/v1/` for `/v1/process`. Headers of the connection, those that describe the body, and the
   * headers that this function sets never come from a message.
   * @default - nothing: every call is a POST to the URL
   */
  readonly allow?: readonly CallPart[] | undefined;
}

/** Longest time limit: a timer of Node waits for at most 24.8 days. */
const MAX_SECONDS = 2_000_000;

/**
 * How long an idle connection is kept. Servers close theirs after 2 seconds (Gunicorn) or more, and a call on a connection
 * that the server is closing fails.
 */
const IDLE_MILLISECONDS = 1_000;

/**
 * Makes a handler that sends each payload to an HTTP service in a POST request, and takes the response as the result: a
 * service in any language needs no code of ours. Payload and response are streamed. The service gets the payload as it was
 * sent, with its `Content-Type` and `Content-Encoding`, and the request's id, tenant, topic, attempt, deadline and trace as headers.
 *
 * A 2xx response is the result. 408, 425, 429 and 5xx are retried, after `Retry-After` if it is set. Any other response is
 * a permanent failure. 503, and a service that can't be connected to, is a {@link DownstreamUnavailable}: the attempt
 * doesn't count, and processing pauses until the service is back. A service that ends during a call uses up an attempt,
 * since the call may be the cause. A cancelled request, and one whose time is over, closes its connection.
 * @param url where the service takes requests, such as `http://127.0.0.1:8000/process`
 * @throws ConfigurationError for a URL that isn't http: or https:, for options that are no object, for a time that isn't positive, and for an unknown part
 *   of a call
 */
export function forwardTo(url: string | URL, options: ForwardOptions = {}): Handler {
  const service = new ForwardedService(serviceUrl(url), checked(options));
  return (request) => service.call(request);
}

function serviceUrl(given: string | URL): URL {
  const url = URL.parse(String(given));
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new ConfigurationError(
    `forwardTo() takes the http: or https: URL of a service, such as http://127.0.0.1:8000/process, got ${hideLogin(String(given))}`,
  );
}

function checked(options: ForwardOptions): ForwardOptions {
  assertObject('forwardTo()', options);
  for (const name of ['timeoutSeconds', 'startSeconds'] as const) {
    const seconds = options[name];
    if (seconds === undefined || (seconds > 0 && seconds <= MAX_SECONDS)) continue;
    throw new ConfigurationError(
      `${name} of forwardTo() must be a number above 0, and at most ${MAX_SECONDS}, got ${seconds}`,
    );
  }
  const unknown = options.allow?.find((part) => !CALL_PARTS.includes(part));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `allow of forwardTo() may have ${CALL_PARTS.join(', ')}, got ${JSON.stringify(unknown)}`,
    );
  }
  const { readyPath } = options;
  if (readyPath === undefined || readyPath.startsWith('/')) return options;
  throw new ConfigurationError(`readyPath of forwardTo() must begin with /, got ${readyPath}`);
}

class ForwardedService {
  readonly #url: URL;
  readonly #name: string;
  readonly #timeoutSeconds: number | undefined;
  readonly #allow: readonly CallPart[];
  readonly #start: ServiceStart;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(
    url: URL,
    { timeoutSeconds, readyPath, startSeconds = DEFAULT_START_SECONDS, allow = [] }: ForwardOptions,
  ) {
    this.#url = url;
    this.#name = `The service at ${hideLogin(url.href)}`;
    this.#timeoutSeconds = timeoutSeconds;
    this.#allow = allow;
    this.#start = new ServiceStart({ url, readyPath, startSeconds });
    const agentOptions = { keepAlive: true, timeout: IDLE_MILLISECONDS };
    this.#agent = url.protocol === 'http:' ? new HttpAgent(agentOptions) : new HttpsAgent(agentOptions);
  }

  async call(request: ProcessorRequest): Promise<ResponseLike> {
    const { signal } = request;
    const call = requestedCall(this.#url, request.http, this.#allow);
    await unlessAborted(this.#start.wait(request.logger), signal, () => signal.throwIfAborted());
    const sent = this.#open(call, request);
    const received = this.#responseTo(sent);
    this.#limitTime(sent, received);
    const payload = Readable.fromWeb(request.stream());
    payload.on('error', (cause) => sent.destroy(new Error("The payload can't be read", { cause })));
    // The service may respond before it has read the payload.
    payload.pipe(sent);
    const response = await received;
    // A service that has responded may leave the rest of the payload unread.
    response.once('close', () => sent.writableFinished || sent.destroy());
    return new ForwardedResponse(response, call.method);
  }

  /** Not by `fetch`, which gives up on a service that takes 5 minutes. */
  #open({ url, method, headers }: Call, request: ProcessorRequest): ClientRequest {
    const open = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const { 'content-type': contentType, ...own } = requestHeaders(request);
    const described = { ...(contentType && { 'content-type': contentType }), 'user-agent': 'coatcheck' };
    return open(url, {
      method,
      headers: { ...described, ...headers, ...own, 'accept-encoding': 'identity' },
      agent: this.#agent,
      signal: request.signal,
    });
  }

  async #responseTo(sent: ClientRequest): Promise<IncomingMessage> {
    let isConnected = false;
    sent.on('socket', (socket) => {
      isConnected = sent.reusedSocket;
      // Not on a connection that is used again: it would keep the listener.
      if (isConnected) return;
      socket.once(this.#url.protocol === 'http:' ? 'connect' : 'secureConnect', () => {
        isConnected = true;
      });
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    sent.on('response', resolve);
    sent.on('error', (error) => reject(isOfSystem(error) ? this.#lost(sent, isConnected, error) : error));
    // Without an error or a response, if the service switches to another protocol.
    sent.on('close', () => reject(new Error(`${this.#name} ended the call without a response`)));
    return promise;
  }

  #lost({ reusedSocket }: ClientRequest, isConnected: boolean, cause: Error): Error {
    if (!isConnected) {
      return new DownstreamUnavailable(`${this.#name} can't be reached: ${messageOf(cause)}`, { cause });
    }
    const problem = `${this.#name} closed the connection: ${messageOf(cause)}`;
    // It may have closed an idle connection just now.
    return reusedSocket ? new RetryLater(0, problem, { cause }) : new Error(problem, { cause });
  }

  /** Ends the call, with its response, when its time is over. */
  #limitTime(sent: ClientRequest, received: Promise<IncomingMessage>): void {
    const seconds = this.#timeoutSeconds;
    if (seconds === undefined) return;
    let latest: ClientRequest | IncomingMessage = sent;
    received.then(
      (response) => {
        latest = response;
      },
      () => {},
    );
    const endCall = () => latest.destroy(new Error(`${this.#name} didn't respond within ${seconds} s`));
    const timer = setTimeout(endCall, seconds * 1_000);
    sent.once('close', () => clearTimeout(timer));
  }
}

/** Whether the connection failed. */
function isOfSystem(error: Error): boolean {
  return 'syscall' in error || ('code' in error && error.code !== 'ABORT_ERR');
}
