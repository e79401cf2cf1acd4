import type { Logger } from '../core/ports/telemetry.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A logged line. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Fields;
}

/** Keeps every line that it and its children log. */
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
