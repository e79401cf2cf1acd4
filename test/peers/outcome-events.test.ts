import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/errors.ts';
import { failure } from '../../lib/core/outcome.ts';
import { encodeCloudEvent } from '../../lib/core/output/cloudevents.ts';
import { inlineOutcome, outcomeOf } from '../support/outcomes.ts';
import { buildGoPeer } from '../support/peers/go.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

/** What an SDK read of an event. */
interface Reading {
  readonly dataContentType?: string;
  /** Base64. */
  readonly data?: string;
  readonly error?: string;
}

/** An event of the SDK for JavaScript. Its `data` has bytes in a Uint32Array, one each, and nothing where they are none. */
interface JsEvent {
  readonly datacontenttype: string;
  readonly data?: unknown;
  readonly data_base64?: string;
}

/** Content types and contents of results. */
const RESULTS = [
  ['application/json', '{"product":42}'],
  ['application/json; charset=utf-8', '{"product":42}'],
  ['application/vnd.x+json', '{"product":42}'],
  ['application/vnd.x1+json', '{"product":42}'],
  ['application/problem+json', '{"title":"no"}'],
  ['text/json', '{"product":42}'],
  ['Application/JSON', '{"product":42}'],
  ['application/geo+json; charset=utf-8', '{"type":"Point"}'],
  ['text/plain;charset=UTF-8', 'żółć 🧥'],
  ['text/csv', 'a,b\n'],
  ['application/xml', '<a/>'],
  ['image/svg+xml', '<svg/>'],
  ['image/png', Buffer.from([137, 80, 0, 255])],
  ['application/octet-stream', ''],
] as const;

const failed = outcomeOf(
  failure(new PermanentError('no', { code: 'order_unknown', details: { line: 5 } }), 2),
);
const outcomes = [...RESULTS.map(([type, content]) => inlineOutcome(content, type)), failed];
const events = outcomes.map((outcome) => encodeCloudEvent(outcome, 'shop').body);

const timeout = INSTALL_TIMEOUT_MILLISECONDS;
const input = JSON.stringify(events);

const [hasGo, hasJava, hasPython] = await Promise.all([
  hasToolchain('go'),
  hasToolchain('java'),
  hasToolchain('python'),
]);

describe('B13: outcome events are read by the CloudEvents SDK for', () => {
  test.runIf(hasGo)('Go', { timeout }, async () => {
    expectAllRead(JSON.parse(await runProgram(await buildGoPeer('cloudevents'), ['read'], { input })));
  });

  test.runIf(hasJava)('Java', { timeout }, async () => {
    const program = join(peerFolder('java'), 'ReadCloudEvents.java');
    const args = ['-cp', await installJavaPeers(), program];
    expectAllRead(JSON.parse(await runProgram('java', args, { input })));
  });

  test.runIf(hasPython)('Python', { timeout }, async () => {
    const program = join(peerFolder('python'), 'read_cloudevents.py');
    expectAllRead(JSON.parse(await runProgram(await installPythonPeers(), [program], { input })));
  });

  test('JavaScript', { timeout }, async () => {
    const { load } = await installJsPeers();
    const { HTTP } = load<{ HTTP: { toEvent(message: object): JsEvent } }>('cloudevents');
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expectAllRead(
      events.map((body) => {
        const { datacontenttype: dataContentType, data = '', data_base64 } = HTTP.toEvent({ headers, body });
        if (data_base64 !== undefined) return { dataContentType, data: data_base64 };
        const content = typeof data === 'string' ? data : JSON.stringify(data);
        return { dataContentType, data: Buffer.from(content).toString('base64') };
      }),
    );
  });
});

function expectAllRead(readings: readonly Reading[]): void {
  const [problem, ...results] = [readings.at(-1), ...readings.slice(0, -1)];
  for (const [index, [type, content]] of RESULTS.entries()) {
    const { dataContentType, data = '', error } = results[index] ?? {};
    expect([type, error]).toEqual([type, undefined]);
    expect(dataContentType).toBe(type);
    // An SDK may write JSON again that it has parsed.
    const read = Buffer.from(data, 'base64');
    if (type.startsWith('application/json'))
      expect(JSON.parse(read.toString())).toEqual(JSON.parse(String(content)));
    else expect([type, read]).toEqual([type, Buffer.from(content)]);
  }
  expect(problem).toMatchObject({ dataContentType: 'application/json' });
  expect(JSON.parse(Buffer.from(problem?.data ?? '', 'base64').toString())).toMatchObject({
    code: 'order_unknown',
    details: { line: 5 },
  });
}
