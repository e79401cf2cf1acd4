import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { jsonLine, printable, sanitizeForTerminal } from '../../lib/terminal/output.ts';

/** Characters that start a control sequence, ring, move the cursor, end a line, or reverse text. */
const HOSTILE = ['\u001b', '\u009b', '\u0007', '\r', '\b', '\u007f', '\u2028', '\u202e', '\u2066'];

async function shown(...chunks: readonly Uint8Array[]): Promise<string> {
  const texts: string[] = [];
  for await (const text of sanitizeForTerminal(Readable.from(chunks))) texts.push(text);
  return texts.join('');
}

describe.each(HOSTILE)('%j', (hostile) => {
  const text = `a${hostile}b`;

  test('is removed from a line', () => {
    expect(printable(text)).toBe('a b');
  });

  test('is removed on a terminal', async () => {
    expect(await shown(Buffer.from(text))).toBe('a b');
  });

  test('is escaped in JSON, without changing its value', () => {
    const json = jsonLine(JSON.stringify({ text }));
    expect(json).not.toContain(hostile);
    expect(JSON.parse(json)).toEqual({ text });
  });
});

test('keeps lines, tabs and letters of all languages', async () => {
  const text = 'a\tb\nü 日本 👩‍🚀 \u200fעברית\n';
  expect(await shown(Buffer.from(text))).toBe(text);
});

test('decodes a character that is split between chunks', async () => {
  const [first = 0, ...rest] = Buffer.from('é');
  expect(await shown(Buffer.from([first]), Buffer.from(rest))).toBe('é');
  expect(await shown(Buffer.from([first]))).toBe('\ufffd');
});

test('puts JSON on one line without changing its value', () => {
  const value = { a: [1, 'x\t\n'], 'ü\u009b': null };
  for (const layout of ['\t', 2]) {
    const json = jsonLine(JSON.stringify(value, undefined, layout).replaceAll('\n', '\r\n'));
    expect(json).not.toMatch(/[\r\n\t]/);
    expect(JSON.parse(json)).toEqual(value);
  }
});
