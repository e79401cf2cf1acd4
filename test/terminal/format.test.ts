import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fitColumns,
  formatBytes,
  formatCount,
  formatProgress,
  formatSeconds,
  formatTable,
} from '../../lib/terminal/format.ts';

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [116_508_931, '111.1 MiB'],
  [5_497_558_138_880, '5120.0 GiB'],
])('%i bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('counts and seconds', () => {
  expect(formatCount(960_000)).toBe('960,000');
  expect(formatSeconds(1_249)).toBe('1.2 s');
});

test.each([
  [0, '░░░░░░░░░░░░░░░░ 0 bytes of 2.0 KiB'],
  [1024, '████████░░░░░░░░ 1.0 KiB of 2.0 KiB'],
  [2048, '████████████████ 2.0 KiB of 2.0 KiB'],
])('a progress of %i', (done, text) => {
  expect(formatProgress(done, 2048)).toBe(text);
});

test('a table', () => {
  const rows = [
    ['request', 'size', 'outcome'],
    ['a.csv', '9', 'succeeded'],
    ['broken.csv', '10', ''],
  ];
  expect(formatTable(rows, [1])).toEqual([
    'request     size  outcome',
    'a.csv          9  succeeded',
    'broken.csv    10',
  ]);
});

describe('D9: a table that is too wide', () => {
  const ticket = '01a1f8cd-6ddc-7372-a182-6f99db78e3f2';
  const table = [
    ['ticket', 'status', 'created', 'attempts', 'progress', 'outcome'],
    [ticket, 'failed', '7 s ago', '1', '', 'csv_invalid: line 2: a quoted field is never closed'],
    [ticket, 'succeeded', '10 s ago', '1', '', '356 bytes application/json'],
  ];
  const order = ['progress', 'attempts', 'created', 'outcome'];
  const at = (width: number) => formatTable(fitColumns(table, order, width));

  test('drops empty columns, then truncates the least important', () => {
    expect(at(200)).toEqual(formatTable(table));
    expect(at(80)).toEqual([
      'ticket                                status     created   outcome',
      `${ticket}  failed     7 s ago   csv_invalid: line 2:…`,
      `${ticket}  succeeded  10 s ago  356 bytes applicatio…`,
    ]);
    expect(at(60)).toEqual([
      'ticket                                status     outcome',
      `${ticket}  failed     csv_invali…`,
      `${ticket}  succeeded  356 bytes…`,
    ]);
  });

  test.each(['2026-01-31T12:00:00.000Z', 'at 2026-01-31T12:00:00Z', '304 d ago'])(
    'shows %s whole or not at all',
    (time) => {
      const rows = [
        ['alarm', 'since', 'reason'],
        ['DeadLetters', '', ''],
        ['OldestRequest', time, 'Threshold Crossed: 1 datapoint was greater than the threshold'],
      ];
      for (let width = 10; width < 120; width++) {
        for (const order of [
          ['since', 'reason'],
          ['reason', 'since'],
        ]) {
          const [header = '', , line = ''] = formatTable(fitColumns(rows, order, width));
          expect([width, line.includes(time)]).toEqual([width, header.includes('since')]);
        }
      }
    },
  );

  test('keeps columns that can not be truncated at any width', () => {
    expect(at(10)).toEqual(formatTable(table.map(([id = '', status = '']) => [id, status])));
  });

  test('fits any sufficient width', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string(), fc.string())), fc.nat(120), (rows, width) => {
        const lines = formatTable(fitColumns([['a', 'b', 'c'], ...rows], ['c', 'b', 'a'], width));
        return lines.every((line) => line.length <= width);
      }),
    );
  });

  test('wraps the last column between words', () => {
    const rows = [
      ['in flight', '240', 'messages, of 120,000'],
      ['mean wait', '0 s', 'https://example.com/a/long/word'],
    ];
    expect(formatTable(rows, [1], 30)).toEqual([
      'in flight  240  messages, of',
      '                120,000',
      'mean wait  0 s  https://example.com/a/long/word',
    ]);
  });
});
