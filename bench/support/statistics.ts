/** The value below which `share` (0 to 1) of the values lie, interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position % 1);
}

/** The median, which single disturbed runs don't affect. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The sum of a figure over items. */
export function sumOf<Value>(values: Iterable<Value>, of: (value: Value) => number): number {
  return [...values].reduce((sum, value) => sum + of(value), 0);
}
