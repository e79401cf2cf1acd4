import type { Callbacks } from '../config/settings.ts';

/** Where callbacks may lead. */
export interface CallbackRules {
  readonly callbacks: Callbacks;
  /** The ports they may go to, unless they are `local`. */
  readonly callbackPorts: readonly number[];
}

/** Longest callback URL, in characters: it is in the record and in every message about its request. */
export const CALLBACK_URL_MAX_LENGTH = 2_048;

/**
 * What is wrong with a callback URL as it is written, or undefined when it may be tried. Where its host leads is seen
 * when it is called, every time anew.
 */
export function callbackUrlProblem(text: string, rules: CallbackRules): string | undefined {
  if (rules.callbacks === 'off') return 'the service calls nobody back: its webhooks are off';
  const tooLong = callbackUrlLengthProblem(text);
  if (tooLong) return tooLong;
  const url = URL.parse(text);
  const problem = url ? partProblem(url, text, rules) : 'a callback URL must be absolute';
  return problem && `${problem}, got ${JSON.stringify(beginningOf(text).slice(0, 200))}`;
}

/** Without what may hold a secret, since problems are logged and published: user name, path, query. */
function beginningOf(text: string): string {
  const [beginning = ''] = /^[^/\\?#]*[/\\]*[^/\\?#]*/.exec(text) ?? [];
  return beginning.replace(/[^/\\]*@/, '…@');
}

/** What is wrong with the length of a callback URL, wherever it may lead. */
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
 * Whether everybody who reads it sees the same host: other spellings of an address (octal, as one number), characters
 * that are folded to ASCII, backslashes and line breaks are where readers differ.
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

/** A host that ends with a number is an IPv4 address, written as four, in every URL that parses. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

const FULL_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;

const STANDARD_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function portOf({ port, protocol }: URL): number {
  return port === '' ? (STANDARD_PORTS[protocol] ?? 0) : Number(port);
}
