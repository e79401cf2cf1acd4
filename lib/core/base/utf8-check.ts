/** Checks whether a stream of any length is UTF-8 while it passes through. */
export class Utf8Check {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #isUtf8 = true;

  /** Whether the bytes so far are UTF-8; the last character may be incomplete. */
  get isUtf8(): boolean {
    return this.#isUtf8;
  }

  /** Passes the chunks through. After the last one, {@link isUtf8} is final. */
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

/** Reads chunks until one isn't UTF-8. @returns whether all of them are */
export async function areUtf8(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  const check = new Utf8Check();
  for await (const _ of check.pass(chunks)) if (!check.isUtf8) return false;
  return check.isUtf8;
}
