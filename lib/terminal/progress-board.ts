import { styleText } from 'node:util';
import { note, printable } from './output.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MILLISECONDS = 80;

/** An entry of a {@link ProgressBoard}. */
export interface ProgressEntry {
  /** Updates the entry. */
  note(text: string): void;
  /** Ends the entry with a success. */
  done(text: string): void;
  /** Ends the entry with a failure. */
  failed(text: string): void;
  /** Removes the entry without a message. */
  drop(): void;
}

interface Line {
  readonly name: string;
  text: string;
}

/**
 * Shows the progress of concurrent work on standard error. On a terminal, each entry is an animated line; otherwise, only
 * their ends are printed.
 */
export class ProgressBoard implements Disposable {
  static readonly #shown = new Set<ProgressBoard>();
  readonly #stream = process.stderr;
  readonly #lines = new Set<Line>();
  readonly #animation?: ReturnType<typeof setInterval>;
  #drawn = 0;
  #frame = 0;

  constructor() {
    ProgressBoard.#shown.add(this);
    if (this.#stream.isTTY) this.#animation = setInterval(() => this.#draw(), FRAME_MILLISECONDS);
  }

  /** Whether it shows the progress of entries before their ends. */
  get isAnimated(): boolean {
    return this.#animation !== undefined;
  }

  /** Adds an entry. */
  begin(name: string): ProgressEntry {
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

  /** Runs a function that writes permanent lines to standard error, above the entries of all boards. */
  static aside(write: () => void): void {
    for (const board of ProgressBoard.#shown) board.#erase();
    write();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#animation);
    ProgressBoard.#shown.delete(this);
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
