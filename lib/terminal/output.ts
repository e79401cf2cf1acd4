import { fitBesidesLast, fitColumns, formatTable } from './format.ts';
import { outputWidth, printTable } from './terminal.ts';

/** The reader of standard output has closed it. */
export class OutputClosed extends Error {}

// Callbacks of writes report errors; without a listener, the event would crash the program.
process.stdout.on('error', () => {});

/** Writes a line of data. @throws OutputClosed */
export async function print(line: string): Promise<void> {
  await write(`${line}\n`);
}

/** Writes data unchanged. @throws OutputClosed */
export function write(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => (error ? reject(new OutputClosed(error.message)) : resolve()));
  });
}

/** Prints a value as a line of JSON. @throws OutputClosed */
export function printJson(value: unknown): Promise<void> {
  return print(jsonLine(JSON.stringify(value)));
}

/** Prints the cells of a row, separated by tabs. @throws OutputClosed */
export function printCells(cells: readonly string[]): Promise<void> {
  return print(cells.map(printable).join('\t'));
}

/** How a table fits the terminal. */
export interface RowsFit {
  /** Whether the last column is wrapped between words instead. @default false */
  readonly wrapsLast?: boolean;
}

/**
 * Prints a table that fits the terminal.
 * @param leastImportant columns that can be truncated or dropped, the least important first
 */
export function printRows(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  leastImportant: readonly string[],
  { wrapsLast = false }: RowsFit = {},
): void {
  if (rows.length === 0) return;
  // The last column can be missing in some rows.
  const filled = [header, ...rows].map((row) => header.map((_, i) => printable(row[i] ?? '')));
  const width = outputWidth();
  printTable(
    wrapsLast
      ? formatTable(fitBesidesLast(filled, leastImportant, width), [], width)
      : formatTable(fitColumns(filled, leastImportant, width)),
  );
}

/** Prints a message on standard error. */
export function note(text: string): void {
  console.error(text);
}

/** Whether to format standard output for people: it is a terminal, and JSON isn't requested. */
export function isForPeople({ json }: { readonly json?: true }): boolean {
  return process.stdout.isTTY === true && !json;
}

/** Control characters, line separators, and characters that reorder text. */
const CONTROLS = /[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu;

/** Replaces characters that would end a line or a cell, or control a terminal; handlers and file names can contain them. */
export function printable(text: string): string {
  return text.replace(CONTROLS, ' ');
}

/** Puts JSON on one line, and escapes control characters in its strings. */
export function jsonLine(json: string): string {
  return json.replace(/[\r\n\t]+/g, ' ').replace(CONTROLS, escapeControls);
}

/** Decodes UTF-8 for a terminal: keeps lines and tabs, and removes other control characters. */
export async function* sanitizeForTerminal(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield sanitize(decoder.decode(chunk, { stream: true }));
  yield sanitize(decoder.decode());
}

function sanitize(text: string): string {
  return text.replace(CONTROLS, (controls) => controls.replace(/[^\n\t]+/g, ' '));
}

function escapeControls(controls: string): string {
  return controls.replace(/./gs, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
