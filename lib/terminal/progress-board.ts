import { styleText } from 'node:util';
import { note, printable } from './output.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MILLISECONDS = 80;

/** A piece of work that is shown while it goes on. */
export interface Progress {
  /** Says how far it is. */
  note(text: string): void;
  /** Says how it ended well. */
  done(text: string): void;
  /** Says how it ended otherwise. */
  failed(text: string): void;
  /** Takes it away: how it ended is told by somebody else. */
  drop(): void;
}

interface Line {
  readonly name: string;
  text: string;
}

/**
 * Shows on standard error what goes on, several things at a time: a line each that moves on a terminal, else nothing but
 * how each of them ended.
 */
export class ProgressBoard implements Disposable {
  readonly #stream = process.stderr;
  readonly #lines = new Set<Line>();
  readonly #animation?: ReturnType<typeof setInterval>;
  #drawn = 0;
  #frame = 0;

  constructor() {
    if (this.#stream.isTTY) this.#animation = setInterval(() => this.#draw(), FRAME_MILLISECONDS);
  }

  /** Begins to show something. */
  begin(name: string): Progress {
    const line: Line = { name: printable(name), text: '' };
    this.#lines.add(line);
    const end = () => {
      this.#lines.delete(line);
      this.#erase();
    };
    return {
      note: (text) => {
        line.text = printable(text);
      },
      done: (text) => {
        end();
        note(`${this.#sign('green', '✓ ')}${line.name}: ${printable(text)}`);
      },
      failed: (text) => {
        end();
        note(`${this.#sign('red', '✗ ')}${line.name}: ${printable(text)}`);
      },
      drop: end,
    };
  }

  /** Has something written to standard error that stays there. */
  aside(write: () => void): void {
    this.#erase();
    write();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#animation);
    this.#erase();
  }

  #draw(): void {
    this.#erase();
    const sign = this.#sign('cyan', FRAMES[this.#frame++ % FRAMES.length] ?? '');
    // A line that wraps can't be erased.
    const width = (this.#stream.columns || 80) - 3;
    for (const { name, text } of this.#lines) {
      this.#stream.write(`${sign} ${`${name}  ${text}`.slice(0, width)}\n`);
    }
    this.#drawn = this.#lines.size;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#stream.write(`\u001b[${this.#drawn}F\u001b[0J`);
    this.#drawn = 0;
  }

  #sign(style: 'green' | 'red' | 'cyan', sign: string): string {
    return this.#stream.isTTY ? styleText(style, sign, { stream: this.#stream }) : '';
  }
}
