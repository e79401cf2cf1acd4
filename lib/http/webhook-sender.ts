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

/** What a {@link HttpsSender} may be given besides its rules. */
export interface HttpsSenderOptions {
  /** @default - the system's resolver */
  readonly resolve?: Resolve;
  /** For all of an exchange, the host's addresses included. @default 20000 */
  readonly timeoutMilliseconds?: number;
}

/** Standard Webhooks asks for 15 to 30 seconds. */
const TIMEOUT_MILLISECONDS = 20_000;

/** What is read of an answer: its head, in all, and its body, which nobody wants. */
const MAX_HEAD_BYTES = 8_192;
const MAX_BODY_BYTES = 8_192;

/**
 * Calls receivers over HTTPS. A host is resolved once; all its addresses are checked, and only those are connected to,
 * so that a name that leads elsewhere a moment later leads nowhere.
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
      // A connection of its own: none that another host's name opened.
      agent: false,
      maxHeaderSize: MAX_HEAD_BYTES,
    });
    const answer = answerTo(sent);
    sent.end(body);
    return answer.catch((error) => (signal.aborted ? tooLate() : Promise.reject(error)));
  }

  /** @throws CallbackRefused unless all are: which one is taken must not be a matter of luck */
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

/** A lookup that knows these addresses, whatever it is asked for. */
function only(addresses: readonly ResolvedAddress[]): LookupFunction {
  const [first] = addresses;
  return (_, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** Resolves once nothing more comes, or more than anybody wants has come: the status stands from the head on. */
function answerTo(sent: ClientRequest): Promise<WebhookAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>();
  let answer: WebhookAnswer | undefined;
  sent.on('response', (response) => {
    answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
    // Closing follows.
    response.on('error', () => {});
    drop(response);
  });
  const settle = (error: Error) => (answer ? resolve(answer) : reject(error));
  sent.on('error', settle);
  sent.on('close', () => settle(new Error('the receiver closed the connection without an answer')));
  return promise;
}

/** Reads a little to the end, so that a receiver isn't cut short, and no more. */
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
