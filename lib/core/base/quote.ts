/**
 * Quotes a value in an error message: as JSON, shortened; `nothing` for undefined. JSON has no NaN, and no BigInt.
 * @param value a text, a number, a value from JSON, or a function, of which only the type is named
 * @param maxLength in characters. A longer text keeps its closing quote.
 */
export function quote(value: unknown, maxLength = 100): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, maxLength));
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  // A function has no JSON.
  return (JSON.stringify(value) ?? `a ${typeof value}`).slice(0, maxLength);
}
