import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { CallbackRefused } from '../core/base/errors.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import { type CallbackRules, callbackUrlProblem } from '../core/model/callback-url.ts';
import type { WebhookAnswer, WebhookSender } from '../core/ports/webhooks.ts';
import { isReachable } from '../core/webhooks/address.ts';

/** An address a host has. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Finds all addresses of a host. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/** Options of {@link HttpsSender}. */
export interface HttpsSenderOptions {
  /** @default - the system's resolver */
  readonly resolve?: Resolve;
  /** Timeout of the whole call, including name resolution. @default 20000 */
  readonly timeoutMilliseconds?: number;
}

/** Standard Webhooks asks for 15 to 30 seconds. */
const TIMEOUT_MILLISECONDS = 20_000;

/** Most bytes that are read of a response. Its body isn't used. */
const MAX_HEAD_BYTES = 8_192;
const MAX_BODY_BYTES = 8_192;

/**
 * Calls receivers over HTTPS. A host is resolved once. All its addresses are checked, and only those are connected to,
 * so that a name that resolves to other addresses a moment later (DNS rebinding) can't bypass the check.
 */
export class HttpsSender implements WebhookSender {
  readonly #rules: CallbackRules;
  readonly #resolve: Resolve;
  readonly #timeoutMilliseconds: number;

  constructor(rules: CallbackRules, options: HttpsSenderOptions = {}) {
    this.#rules = rules;
    this.#resolve = options.resolve ?? systemResolve;
    this.#timeoutMilliseconds = options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS;
  }

  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<WebhookAnswer> {
    const problem = callbackUrlProblem(url, this.#rules);
    if (problem) throw new CallbackRefused(problem);
    const target = new URL(url);
    const signal = AbortSignal.timeout(this.#timeoutMilliseconds);
    const tooLate = (): never => {
      throw new Error(`the receiver didn't answer within ${this.#timeoutMilliseconds} ms`);
    };
    const addresses = await unlessAborted(this.#reachable(hostOf(target)), signal, tooLate);
    const sent = open(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'coatcheck-webhook',
        ...headers,
      },
      lookup: only(addresses),
      signal,
      // A new connection: a pooled one may have been opened for another host name.
      agent: false,
      maxHeaderSize: MAX_HEAD_BYTES,
    });
    const answer = answerTo(sent);
    sent.end(body);
    return answer.catch((error) => (signal.aborted ? tooLate() : Promise.reject(error)));
  }

  /** @throws CallbackRefused if any address isn't public: it must not depend on which one is used */
  async #reachable(host: string): Promise<readonly ResolvedAddress[]> {
    const family = isIP(host);
    const addresses = family === 0 ? await this.#resolve(host) : [{ address: host, family }];
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    const refused = addresses.find(({ address }) => !isReachable(address, this.#rules.callbacks));
    if (refused)
      throw new CallbackRefused(`${host} leads to ${refused.address}, which isn't a public address`);
    return addresses;
  }
}

function open(target: URL, options: RequestOptions): ClientRequest {
  const { protocol, port, pathname, search } = target;
  const all = { ...options, host: hostOf(target), port: port || undefined, path: pathname + search };
  return protocol === 'http:' ? httpRequest(all) : httpsRequest(all);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** A lookup that returns these addresses for every host. */
function only(addresses: readonly ResolvedAddress[]): LookupFunction {
  const [first] = addresses;
  return (_, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** Resolves when the connection closes. The status is known from the head on, so an error after that doesn't matter. */
function answerTo(sent: ClientRequest): Promise<WebhookAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>();
  let answer: WebhookAnswer | undefined;
  sent.on('response', (response) => {
    answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
    // The `close` event follows.
    response.on('error', () => {});
    drop(response);
  });
  const settle = (error: Error) => (answer ? resolve(answer) : reject(error));
  sent.on('error', settle);
  sent.on('close', () => settle(new Error('the receiver closed the connection without an answer')));
  return promise;
}

/** Reads a short body to its end, so that the receiver can finish it. Aborts a long one. */
function drop(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) response.destroy();
  });
}

async function systemResolve(host: string): Promise<readonly ResolvedAddress[]> {
  return lookup(host, { all: true });
}
