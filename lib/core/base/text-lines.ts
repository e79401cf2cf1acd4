/**
 * Decodes UTF-8 and splits it at line feeds, and at nothing else: text in JSON may have other line separators. A line feed at the end
 * ends the last line.
 * @throws TypeError for bytes that aren't UTF-8
 */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: string[] = [];
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    for (const part of parts.slice(0, -1)) {
      rest.push(part);
      yield rest.join('');
      rest = [];
    }
    rest.push(parts.at(-1) ?? '');
  }
  rest.push(decoder.decode());
  const last = rest.join('');
  if (last !== '') yield last;
}
