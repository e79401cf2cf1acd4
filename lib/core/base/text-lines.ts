const LINE_FEED = 0x0a;

/**
 * Splits bytes at line feeds, and at nothing else, since text in JSON may have other line separators, and decodes UTF-8. A line feed at
 * the end ends the last line.
 * @throws TypeError for bytes that aren't UTF-8, with the number of their line
 */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  let number = 1;
  let rest: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      rest.push(chunk.subarray(start, end));
      yield decoded(rest, number);
      rest = [];
      number++;
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield decoded(rest, number);
}

/** @param number of the line, from 1 */
function decoded(parts: readonly Uint8Array[], number: number): string {
  // Only the first line can begin with a byte order mark.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 });
  try {
    return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError(`line ${number} is not in UTF-8`, { cause: error });
  }
}
