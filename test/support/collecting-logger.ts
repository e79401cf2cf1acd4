import type { Logger } from '../../lib/core/ports/telemetry.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A line as it was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
}

/** Keeps what is logged, its children's lines among its own. */
export class CollectingLogger implements Logger {
  readonly lines: LogLine[];
  readonly #fields: Fields;

  constructor(lines: LogLine[] = [], fields: Fields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(message: string, fields?: Fields): void {
    this.#add('debug', message, fields);
  }
  info(message: string, fields?: Fields): void {
    this.#add('info', message, fields);
  }
  warn(message: string, fields?: Fields): void {
    this.#add('warn', message, fields);
  }
  error(message: string, fields?: Fields): void {
    this.#add('error', message, fields);
  }

  child(fields: Fields): Logger {
    return new CollectingLogger(this.lines, { ...this.#fields, ...fields });
  }

  #add(level: LogLine['level'], message: string, fields: Fields = {}): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
