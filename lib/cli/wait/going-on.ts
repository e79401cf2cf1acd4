import { hasEnded, type RequestResource } from '../../client/index.ts';
import { note } from '../../terminal/output.ts';
import type { RequestOptions } from '../service-options.ts';

/** The requests that a program waits for and that haven't ended, as far as it knows. */
export class GoingOn {
  readonly #options: RequestOptions;
  readonly #ids = new Set<string>();

  /** @param options those by which the requests are found again */
  constructor(options: RequestOptions) {
    this.#options = options;
  }

  see(request: RequestResource): void {
    if (hasEnded(request)) this.#ids.delete(request.id);
    else this.#ids.add(request.id);
  }

  /** Says that they go on, and how to wait for them again. */
  tell(): void {
    if (this.#ids.size === 0) return;
    note(`${this.#ids.size === 1 ? 'The request goes' : 'The requests go'} on. To wait again:`);
    note(`  ${this.#command()}`);
  }

  /** A token isn't shown. */
  #command(): string {
    const { stack, service, api, source } = this.#options;
    const options = Object.entries({ stack, service, api, source }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    return ['npx', 'coatcheck', 'wait', ...this.#ids, ...options].map(shellWord).join(' ');
  }
}

/** As a POSIX shell reads it as one word. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
