/** Names with more changes than this are other names, not misspelled ones. */
const MAX_CHANGES = 2;

/** The known name that a misspelled one most likely means, in any case of letters; undefined if none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map((each) => ({ each, changes: changesBetween(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, changes }) => changes <= MAX_CHANGES && changes < each.length / 2)
    .sort((one, other) => one.changes - other.changes);
  return near[0]?.each;
}

/** The characters to insert, remove, replace, or swap with their neighbor, to get from one text to another. */
function changesBetween(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, above] = [above, current];
  }
  return above[to.length] ?? 0;
}
