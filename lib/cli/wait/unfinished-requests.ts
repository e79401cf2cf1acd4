import { hasEnded, type RequestResource } from '../../client/index.ts';
import { note } from '../../terminal/output.ts';
import type { RequestCommandOptions } from '../service-options.ts';

/** The requests that the program waits for and that haven't ended, as far as it knows. */
export class UnfinishedRequests {
  readonly #options: RequestCommandOptions;
  readonly #ids = new Set<string>();

  /** @param options of the command, to be repeated in the suggested command line */
  constructor(options: RequestCommandOptions) {
    this.#options = options;
  }

  update(request: RequestResource): void {
    if (hasEnded(request)) this.#ids.delete(request.id);
    else this.#ids.add(request.id);
  }

  /** Prints that the requests continue, and how to wait for them again. */
  report(): void {
    if (this.#ids.size === 0) return;
    note(`${this.#ids.size === 1 ? 'The request continues' : 'The requests continue'}. To wait again:`);
    note(`  ${this.#command()}`);
  }

  /** Omits the token. */
  #command(): string {
    const { stack, service, api, source } = this.#options;
    const options = Object.entries({ stack, service, api, source }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    return ['npx', 'coatcheck', 'wait', ...this.#ids, ...options].map(shellWord).join(' ');
  }
}

/** Quotes a text so that a POSIX shell reads it as one word. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
