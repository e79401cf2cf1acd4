/**
 * Quotes a value in an error message: as JSON, shortened; `nothing` for undefined.
 * @param value a text, a value from JSON, or a function, of which only the type is named
 * @param maxLength in characters. A longer text keeps its closing quote.
 */
export function quote(value: unknown, maxLength = 100): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, maxLength));
  // A function has no JSON.
  return (JSON.stringify(value) ?? `a ${typeof value}`).slice(0, maxLength);
}
