import { expect, test } from 'vitest';
import { formatLogLine, logCells, readLogLine } from '../../lib/local/log-line.ts';

const COMMON = {
  service: 'Coatcheck/Service',
  cold_start: false,
  function_request_id: 'cc656933-e750-4bee-9b23-bb9dfb1272fa',
  function_name: 'f',
  function_memory_size: '512',
  sampling_rate: 0,
  xray_trace_id: '1-6b0afb93-46f53cb1577c1736fa100d19',
};
const TIME = '2026-11-28T16:05:13.902Z';

test('D10: a line of the logger has time, level, request and text', () => {
  const json = {
    level: 'WARN',
    message: 'Slow',
    timestamp: TIME,
    ...COMMON,
    requestId: 'r1',
    rows: 3,
    file: 'a b',
  };
  const line = readLogLine(`${JSON.stringify(json)}\n`);
  expect(line && logCells(line)).toEqual([TIME, 'WARN', 'r1', 'Slow rows=3 file="a b"']);
  expect(line && formatLogLine(line, (text) => text)).toBe('16:05:13.902  WARN   r1  Slow rows=3 file="a b"');
});

test('D10: shows the name and message of an error, not its stack', () => {
  const error = { name: 'TypeError', message: 'x is undefined', stack: 'TypeError\n    at y' };
  const line = readLogLine(
    JSON.stringify({ level: 'ERROR', message: 'Failed', timestamp: TIME, ...COMMON, error }),
  );
  expect(line && logCells(line)[3]).toBe('Failed error="TypeError: x is undefined"');
});

test("D10: the requestId of console.log on Lambda is the invocation's, not a ticket", () => {
  const line = readLogLine(
    JSON.stringify({ timestamp: TIME, level: 'INFO', requestId: 'inv', message: 'hello' }),
  );
  expect(line && logCells(line)).toEqual([TIME, 'INFO', '', 'hello']);
  expect(readLogLine('hello')).toEqual({ time: '', level: '', message: 'hello', fields: {} });
});

test.each([
  '',
  '{"_aws":{"CloudWatchMetrics":[]},"service":"s","Succeeded":1}',
  'START RequestId: 8ae0e627 Version: $LATEST',
  'END RequestId: 8ae0e627',
  'REPORT RequestId: 8ae0e627\tDuration: 3 ms',
  `{"time":"${TIME}","type":"platform.start","record":{}}`,
])('D10: ignores %j', (text) => {
  expect(readLogLine(text)).toBeUndefined();
});

test.each(['null', '[1]', '3', '{"a":', '"text"'])('D10: %s is a line of text', (text) => {
  expect(readLogLine(text)?.message).toBe(text);
});

test('a line of our logger outside Lambda has the id of its request', () => {
  const line = readLogLine('{"level":"INFO","message":"Working","requestId":"r-1","service":"coatcheck"}');
  expect(line).toMatchObject({ requestId: 'r-1', message: 'Working', fields: {} });
});
