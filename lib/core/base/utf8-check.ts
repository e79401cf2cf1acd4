/** Finds out whether bytes are UTF-8 while they go somewhere, whatever their number. */
export class Utf8Check {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #isUtf8 = true;

  /** Whether what passed so far is UTF-8; a character may not be complete. */
  get isUtf8(): boolean {
    return this.#isUtf8;
  }

  /** The same chunks. At their end {@link isUtf8} is known. */
  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#look(chunk, true);
      yield chunk;
    }
    this.#look(undefined, false);
  }

  #look(chunk: Uint8Array | undefined, stream: boolean): void {
    if (!this.#isUtf8) return;
    try {
      this.#decoder.decode(chunk, { stream });
    } catch {
      this.#isUtf8 = false;
    }
  }
}

/** Reads chunks as far as they are UTF-8. @returns whether all of them are */
export async function areUtf8(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  const check = new Utf8Check();
  for await (const _ of check.pass(chunks)) if (!check.isUtf8) return false;
  return check.isUtf8;
}
