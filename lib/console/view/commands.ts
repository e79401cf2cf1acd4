import { html } from 'hono/html';
import type { Html } from './html.ts';

/** How the service is reached from a shell. */
export interface Shell {
  /** URL of the API, without /v1. */
  readonly url: string;
  /** Options of `coatcheck` that name the service, such as `--stack Shop`. */
  readonly cliOptions: readonly string[];
  /** The same of commands that work on its queues, which an API alone doesn't name. */
  readonly queueOptions: readonly string[];
  /** Options of curl that authenticate, already quoted for a shell. */
  readonly curlOptions: readonly string[];
}

/** A call of the API. */
export interface ShellCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly json?: unknown;
}

/** The command line of `coatcheck` and the call of curl that do the same. */
export function commandsOf(
  shell: Shell,
  args: readonly string[] | undefined,
  call: ShellCall | undefined,
  options = shell.cliOptions,
): Html {
  const cli = args && ['npx coatcheck', ...[...args, ...options].map(quote)].join(' ');
  return html`<div class="commands">${cli && commandOf('CLI', cli)}${call && commandOf('curl', curlOf(shell, call))}</div>`;
}

function commandOf(name: string, line: string): Html {
  return html`<div class="command"><span>${name}</span><code tabindex="0">${line}</code><button type="button" class="copy" data-copy hidden aria-label="Copy the ${name} line">Copy</button></div>`;
}

function curlOf({ url, curlOptions }: Shell, { method, path, json }: ShellCall): string {
  const body =
    json === undefined ? [] : ["-H 'content-type: application/json'", `-d ${quote(JSON.stringify(json))}`];
  const verb = method === 'GET' ? [] : [`-X ${method}`];
  return ['curl', ...verb, ...curlOptions, ...body, quote(`${url}${path}`)].join(' ');
}

/** Quotes a word for a shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
