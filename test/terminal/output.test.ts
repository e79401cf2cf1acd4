import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { jsonLine, printable, shownOnTerminal } from '../../lib/terminal/output.ts';

/** What begins a control sequence, rings, moves a cursor, ends a line, or turns text around. */
const HOSTILE = ['\u001b', '\u009b', '\u0007', '\r', '\b', '\u007f', '\u2028', '\u202e', '\u2066'];

async function shown(...chunks: readonly Uint8Array[]): Promise<string> {
  const texts: string[] = [];
  for await (const text of shownOnTerminal(Readable.from(chunks))) texts.push(text);
  return texts.join('');
}

describe.each(HOSTILE)('%j', (hostile) => {
  const text = `a${hostile}b`;

  test('is no part of a line', () => {
    expect(printable(text)).toBe('a b');
  });

  test('is no part of what a terminal is shown', async () => {
    expect(await shown(Buffer.from(text))).toBe('a b');
  });

  test('is escaped in JSON, which means the same', () => {
    const json = jsonLine(JSON.stringify({ text }));
    expect(json).not.toContain(hostile);
    expect(JSON.parse(json)).toEqual({ text });
  });
});

test('lines, tabs and letters of all languages are shown as they are', async () => {
  const text = 'a\tb\nü 日本 👩‍🚀 \u200fעברית\n';
  expect(await shown(Buffer.from(text))).toBe(text);
});

test('a character whose bytes come apart is shown whole, and one that never ends as what it is', async () => {
  const [first = 0, ...rest] = Buffer.from('é');
  expect(await shown(Buffer.from([first]), Buffer.from(rest))).toBe('é');
  expect(await shown(Buffer.from([first]))).toBe('\ufffd');
});

test('JSON is a line however it was laid out, and means the same', () => {
  const value = { a: [1, 'x\t\n'], 'ü\u009b': null };
  for (const layout of ['\t', 2]) {
    const json = jsonLine(JSON.stringify(value, undefined, layout).replaceAll('\n', '\r\n'));
    expect(json).not.toMatch(/[\r\n\t]/);
    expect(JSON.parse(json)).toEqual(value);
  }
});
