import { fitColumns, formatTable } from './format.ts';
import { outputWidth, printTable } from './terminal.ts';

/** Nobody reads standard output any more. */
export class OutputClosed extends Error {}

// Writers are told by their callbacks; without a listener the event would end the program with a stack.
process.stdout.on('error', () => {});

/** Writes a line of data; done when it is written. @throws OutputClosed */
export async function print(line: string): Promise<void> {
  await write(`${line}\n`);
}

/** Writes data as it is. @throws OutputClosed */
export function write(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => (error ? reject(new OutputClosed(error.message)) : resolve()));
  });
}

/** Prints a value for programs, on a line of its own. @throws OutputClosed */
export function printJson(value: unknown): Promise<void> {
  return print(jsonLine(JSON.stringify(value)));
}

/** Prints the cells of a row for programs: by tabs, empty ones too. @throws OutputClosed */
export function printCells(cells: readonly string[]): Promise<void> {
  return print(cells.map(printable).join('\t'));
}

/**
 * Prints a table for people, as wide as the terminal at most.
 * @param leastImportant columns that may be cut or left out, the first of them first
 */
export function printRows(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  leastImportant: readonly string[],
): void {
  if (rows.length === 0) return;
  // Only some rows may have the last column.
  const filled = [header, ...rows].map((row) => header.map((_, i) => printable(row[i] ?? '')));
  printTable(formatTable(fitColumns(filled, leastImportant, outputWidth())));
}

/** Says something that is no data. */
export function note(text: string): void {
  console.error(text);
}

/** Whether people read standard output. */
export function isForPeople({ json }: { readonly json?: true }): boolean {
  return process.stdout.isTTY === true && !json;
}

/** What controls a terminal or ends a line, and what shows the characters after it in another order. */
const CONTROLS = /[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu;

/** A text without what would end a line, a cell or control a terminal: handlers and file names may hold anything. */
export function printable(text: string): string {
  return text.replace(CONTROLS, ' ');
}

/** JSON without those: in it they can only be in texts, where they may be written otherwise, and between its tokens. */
export function jsonLine(json: string): string {
  return json.replace(/[\r\n\t]+/g, ' ').replace(CONTROLS, escaped);
}

/** A text in UTF-8 as a terminal may be shown it: its lines and tabs, and none of the other controls. */
export async function* shownOnTerminal(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield shownText(decoder.decode(chunk, { stream: true }));
  yield shownText(decoder.decode());
}

function shownText(text: string): string {
  return text.replace(CONTROLS, (controls) => controls.replace(/[^\n\t]+/g, ' '));
}

function escaped(controls: string): string {
  return controls.replace(/./gs, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
