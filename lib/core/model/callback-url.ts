import { quote } from '../base/quote.ts';
import type { Callbacks } from '../config/settings.ts';

/** Which callback URLs are allowed. */
export interface CallbackRules {
  readonly callbacks: Callbacks;
  /** Allowed ports; `local` allows any. */
  readonly callbackPorts: readonly number[];
}

/** Longest callback URL, in characters. The record and every message about the request contain it. */
export const CALLBACK_URL_MAX_LENGTH = 2_048;

/**
 * The problem with the syntax of a callback URL; undefined if it may be called. The addresses of its host are checked
 * at every call.
 */
export function callbackUrlProblem(text: string, rules: CallbackRules): string | undefined {
  if (rules.callbacks === 'off') return 'webhooks are off in this service';
  const tooLong = callbackUrlLengthProblem(text);
  if (tooLong) return tooLong;
  const url = URL.parse(text);
  const problem = url ? partProblem(url, text, rules) : 'a callback URL must be absolute';
  return problem && `${problem}, got ${quote(beginningOf(text), 200)}`;
}

/** The URL without parts that may hold a secret (user name, path, query), since problems are logged and published. */
function beginningOf(text: string): string {
  const [beginning = ''] = /^[^/\\?#]*[/\\]*[^/\\?#]*/.exec(text) ?? [];
  return beginning.replace(/[^/\\]*@/, '…@');
}

/** The problem with the length of a callback URL. */
export function callbackUrlLengthProblem({ length }: string): string | undefined {
  if (length <= CALLBACK_URL_MAX_LENGTH) return undefined;
  return `a callback URL has at most ${CALLBACK_URL_MAX_LENGTH} characters, got ${length}`;
}

function partProblem(url: URL, text: string, rules: CallbackRules): string | undefined {
  const local = rules.callbacks === 'local';
  if (url.protocol !== 'https:' && !(local && url.protocol === 'http:'))
    return 'a callback URL must be https';
  if (url.username !== '' || url.password !== '') return 'a callback URL must hold no user name or password';
  if (url.hash !== '' || text.includes('#')) return 'a callback URL must have no fragment: it is never sent';
  if (!isWrittenAsRead(url, text)) {
    return `a callback URL must name its host plainly, in ASCII, as ${url.protocol}//${url.host}`;
  }
  if (url.hostname.endsWith('.')) return "a callback URL's host must not end with a dot";
  if (local) return undefined;
  if (isAddress(url.hostname)) return "a callback URL's host must be a name, not an address";
  if (!FULL_NAME.test(url.hostname)) return "a callback URL's host must be a full name like example.com";
  if (rules.callbackPorts.includes(portOf(url))) return undefined;
  return `a callback URL's port must be one of ${rules.callbackPorts.join(', ')}`;
}

/**
 * Whether all URL parsers find the same host. They differ in unusual spellings of an address (octal, as one number), in
 * characters that fold to ASCII, in backslashes and in line breaks.
 */
function isWrittenAsRead({ protocol, host, port }: URL, text: string): boolean {
  const authority = port === '' ? [host, `${host}:${STANDARD_PORTS[protocol]}`] : [host];
  return authority.some((written) => {
    const beginning = `${protocol}//${written}`;
    const next = text.charAt(beginning.length);
    return (
      text.slice(0, beginning.length).toLowerCase() === beginning && (next === '' || '/?'.includes(next))
    );
  });
}

/** In every URL that parses, a host that ends with a number is an IPv4 address of four numbers. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

const FULL_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;

const STANDARD_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function portOf({ port, protocol }: URL): number {
  return port === '' ? (STANDARD_PORTS[protocol] ?? 0) : Number(port);
}
