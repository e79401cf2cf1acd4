import { expect, onTestFinished, test } from 'vitest';
import { FunctionLog } from '../../lib/aws/function-log.ts';
import { clientConfig, type ReceivedCall, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

/** A log that answers these pages, call by call. */
async function logOf(...pages: readonly unknown[]) {
  let call = 0;
  const endpoint = await new ScriptedEndpoint((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(pages[call++] ?? { events: [] }));
  }).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  return { log: new FunctionLog(clientConfig(endpoint.url)), calls: endpoint.calls };
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

const event = (eventId: string, timestamp: number) => ({ eventId, timestamp, message: eventId });
const bodyOf = (call: ReceivedCall | undefined) => JSON.parse(call?.body.toString() ?? '');
const usual = { group: 'g', since: 5, follow: false, signal: new AbortController().signal };

test('D10: the lines about a request are asked for, page by page', async () => {
  const { log, calls } = await logOf(
    { events: [event('a', 6)], nextToken: 't' },
    { events: [event('b', 7)] },
  );
  expect(await all(log.lines({ ...usual, requestId: 'it"s' }))).toEqual(['a', 'b']);
  expect(calls.map(bodyOf)).toEqual([
    { logGroupName: 'g', startTime: 5, filterPattern: '{ $.requestId = "it\\"s" }' },
    { logGroupName: 'g', startTime: 5, filterPattern: '{ $.requestId = "it\\"s" }', nextToken: 't' },
  ]);
});

test('D10: a log that is followed gives each line once, late ones too, until the signal fires', async () => {
  const { log, calls } = await logOf(
    { events: [event('a', 100_000), event('b', 200_000)] },
    { events: [event('late', 150_000), event('b', 200_000), event('c', 200_001)] },
  );
  const stopping = new AbortController();
  const lines: string[] = [];
  for await (const line of log.lines({ ...usual, follow: true, signal: stopping.signal })) {
    lines.push(line);
    if (line === 'c') stopping.abort();
  }
  expect(lines).toEqual(['a', 'b', 'late', 'c']);
  expect(calls.map((call) => bodyOf(call).startTime)).toEqual([5, 140_000]);
});

test('D10: what keeps a log from being read is thrown', async () => {
  const endpoint = await new ScriptedEndpoint((_, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized' }));
  }).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  const log = new FunctionLog(clientConfig(endpoint.url));
  await expect(all(log.lines(usual))).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
