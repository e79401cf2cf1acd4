import { formatCount } from '../../terminal/format.ts';

/** Most characters shown of a text in a table, and elsewhere. */
const CELL_LENGTH = 200;
const TEXT_LENGTH = 4_000;

/** Control characters, line separators, and characters that reorder text or are invisible. */
const CONTROLS = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Shows a text from outside in one line: control characters become visible, and a long text is cut. */
export function oneLine(text: string): string {
  return cut(text, CELL_LENGTH).replace(CONTROLS, visible);
}

/** As {@link oneLine}, with its lines and tabs. */
export function manyLines(text: string, maxLength = TEXT_LENGTH): string {
  return cut(text, maxLength).replace(CONTROLS, (control) =>
    control === '\n' || control === '\t' ? control : visible(control),
  );
}

function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text.toWellFormed();
  const left = formatCount(text.length - maxLength);
  return `${text.slice(0, maxLength).toWellFormed()}… (${left} more characters)`;
}

/** As JSON writes it. */
function visible(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
