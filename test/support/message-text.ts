/** Throws as SQS refuses a text: it must not be empty, and have only characters of XML 1.0. */
export function assertMessageText(text: string): void {
  if (text === '') throw new Error('MissingParameter: a text is empty');
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const allowed =
      code === 0x9 ||
      code === 0xa ||
      code === 0xd ||
      (code >= 0x20 && code <= 0xd7ff) ||
      (code >= 0xe000 && code <= 0xfffd) ||
      code >= 0x10000;
    if (!allowed) throw new Error(`InvalidMessageContents: U+${code.toString(16)}`);
  }
}
