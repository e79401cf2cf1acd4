import { formatTable } from '../local/format.ts';
import { printTable } from '../local/terminal.ts';

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
  return print(JSON.stringify(value));
}

/** Prints the cells of a row for programs: by tabs, empty ones too. @throws OutputClosed */
export function printCells(cells: readonly string[]): Promise<void> {
  return print(cells.map(printable).join('\t'));
}

/** Prints a table for people. */
export function printRows(header: readonly string[], rows: readonly (readonly string[])[]): void {
  if (rows.length > 0) printTable(formatTable([header, ...rows].map((row) => row.map(printable))));
}

/** Says something that is no data. */
export function note(text: string): void {
  console.error(text);
}

/** Whether people read standard output. */
export function isForPeople({ json }: { readonly json?: true }): boolean {
  return process.stdout.isTTY === true && !json;
}

/** A text without what would end a line, a cell or control a terminal: handlers and file names may hold anything. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
