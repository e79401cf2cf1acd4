import { describe, expect, test } from 'vitest';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { problemOf, statusOf } from '../../support/outcome-event.ts';
import { type RecordedObject, s3Event, s3Record } from '../../support/s3-records.ts';

function uploadEvent(messageId: string, object: RecordedObject) {
  return delivery(s3Event(s3Record(object)), { id: messageId });
}

describe('fault 5: a duplicate S3 event', () => {
  function service() {
    let runs = 0;
    const harness = new EngineHarness(() => `${++runs}`.repeat(200), { inlineLimitBytes: 100 });
    const versionId = harness.store.put('requests/a', 'hello');
    const event = (messageId: string) => uploadEvent(messageId, { key: 'requests/a', size: 5, versionId });
    return { harness, event, runs: () => runs };
  }

  test('in one batch is one request, and both messages are done', async () => {
    const { harness, event, runs } = service();
    expect(await harness.process([event('first'), event('second')])).toEqual([]);
    expect(runs()).toBe(1);
    expect(harness.events).toHaveLength(1);
  });

  test('in one batch is tried again as one, with every message that brought it', async () => {
    const { harness, event } = service();
    harness.output.faults.inject('send', 'fails before');
    expect(await harness.process([event('first'), event('second')])).toEqual(['first', 'second']);
  });

  test('in another batch isn’t run again: the same outcome is published', async () => {
    const { harness, event, runs } = service();
    await harness.process([event('first')]);
    harness.clock.advanceSeconds(100);
    expect(await harness.process([event('second')])).toEqual([]);
    expect(runs()).toBe(1);
    const [first, second] = harness.events;
    expect(second).toEqual(first);
    const keys = harness.store.keys('results/');
    expect(keys).toHaveLength(1);
    expect(String(harness.store.object(keys[0] ?? '')?.bytes)).toBe(JSON.stringify('1'.repeat(200)));
  });

  test('is another request than the overwrite of its object', async () => {
    const { harness, event } = service();
    const versionId = harness.store.put('requests/a', 'again');
    await harness.process([event('first'), uploadEvent('second', { key: 'requests/a', size: 5, versionId })]);
    expect(new Set(harness.events.map(({ subject }) => subject)).size).toBe(2);
  });
});

describe('fault 6: an object overwritten, or its events reordered', () => {
  test('every event has the version it names processed', async () => {
    const harness = new EngineHarness((request) => request.text());
    const versions = ['first', 'second', 'third'].map((content) => harness.store.put('requests/a', content));
    const events = [2, 0, 1].map((index) =>
      uploadEvent(`m-${index}`, { key: 'requests/a', size: undefined, versionId: versions[index] }),
    );
    await harness.process(events);
    expect(harness.store.opened.map(({ versionId }) => versionId)).toEqual(['v3', 'v1', 'v2']);
    expect(harness.events.map(({ data }) => data).toSorted()).toEqual(['first', 'second', 'third']);
  });

  test('an object deleted since is still processed, by its version', async () => {
    const harness = new EngineHarness((request) => request.text());
    const versionId = harness.store.put('requests/a', 'hello');
    harness.store.remove('requests/a');
    await harness.process([uploadEvent('m-1', { key: 'requests/a', size: 5, versionId })]);
    expect(harness.event.data).toBe('hello');
  });
});

describe('fault 7', () => {
  const notToBeRun = () => {
    throw new Error('not to be run');
  };

  test("S3's test event is acknowledged, and nothing else", async () => {
    const harness = new EngineHarness(notToBeRun);
    const body = '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"payloads"}';
    expect(await harness.process([delivery(body)])).toEqual([]);
    expect(harness.output.calls).toEqual([]);
  });

  test('an encoded key is decoded', async () => {
    const harness = new EngineHarness((request) => request.text());
    harness.store.put('requests/a b+ü.txt', 'hello');
    await harness.process([uploadEvent('m-1', { key: 'requests/a+b%2B%C3%BC.txt', size: 5 })]);
    expect(harness.event.data).toBe('hello');
  });

  test('an empty object fails for good, unread', async () => {
    const harness = new EngineHarness(notToBeRun);
    expect(await harness.process([uploadEvent('m-1', { key: 'requests/a', size: 0 })])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'payload_empty', attempts: 1 });
    expect(harness.store.opened).toEqual([]);
  });

  test('an object that is empty, as only the store says, fails for good', async () => {
    const harness = new EngineHarness(notToBeRun);
    harness.store.put('requests/a', '');
    expect(await harness.process([uploadEvent('m-1', { key: 'requests/a', size: undefined })])).toEqual([]);
    expect(harness.problem.code).toBe('payload_empty');
  });

  test('an object deleted for good fails for good', async () => {
    const harness = new EngineHarness(notToBeRun);
    expect(await harness.process([uploadEvent('m-1', { key: 'requests/a', versionId: 'gone' })])).toEqual([]);
    expect(harness.problem.code).toBe('payload_missing');
  });

  test('the removal of an object is no request, and not the end of its upload’s', async () => {
    const harness = new EngineHarness((request) => request.text());
    const versionId = harness.store.put('requests/a', 'hello');
    const removal = s3Record({ key: 'requests/a', versionId }, { eventName: 'ObjectRemoved:Delete' });
    await harness.process([
      delivery(s3Event(removal), { id: 'removal' }),
      uploadEvent('upload', { key: 'requests/a', size: 5, versionId }),
    ]);
    const [failed, succeeded] = harness.events.toSorted((a, b) => statusOf(a).localeCompare(statusOf(b)));
    expect(failed && problemOf(failed).code).toBe('envelope_malformed');
    expect(succeeded?.data).toBe('hello');
    expect(succeeded?.subject).not.toBe(failed?.subject);
  });
});

describe('an upload by a ticket', () => {
  const ID = '01a1f8b8-0743-7353-845c-cfb87ad8f210';
  const KEY = `requests/tickets/-/${ID}`;

  /** A service that has given out a ticket for five bytes. */
  async function ticketed(handler: Handler, settings: HarnessOptions = {}) {
    const harness = new EngineHarness(handler, settings);
    const { records, clock } = harness;
    const request = { id: ID, source: '', uploadBytes: 5 };
    await new RequestRecords(records, clock.now, 30).submit(request, clock.now(), false);
    const uploaded = (content: string) => {
      const versionId = harness.store.put(KEY, content);
      const size = Buffer.byteLength(content);
      return uploadEvent(`message-${versionId}`, { key: KEY, versionId, size });
    };
    return { harness, uploaded };
  }

  const failingFirst: Handler = async (request) => {
    const text = await request.text();
    if (request.attempt === 1) throw new Error('try again');
    return { text, attempt: request.attempt };
  };

  test.each(['own', 'second'])(
    'B3: made twice runs what was uploaded first, in a retry by its %s message',
    async (by) => {
      const { harness, uploaded } = await ticketed(failingFirst);
      const first = uploaded('first');
      expect(await harness.process([first])).toEqual([first.id]);
      const second = uploaded('other');
      expect(await harness.process([by === 'own' ? first : second])).toEqual([]);
      expect(harness.event.data).toEqual({ text: 'first', attempt: 2 });
      expect(await harness.process([by === 'own' ? second : first])).toEqual([]);
      expect(harness.events.map(({ data }) => data)).toEqual(Array(2).fill({ text: 'first', attempt: 2 }));
    },
  );

  test('B3: made twice before its turn comes runs one of them, and ends once', async () => {
    const { harness, uploaded } = await ticketed((request) => request.text());
    const [first, second] = [uploaded('first'), uploaded('other')];
    expect(await harness.process([first, second])).toEqual([second.id]);
    harness.clock.advanceSeconds(100);
    expect(await harness.process([second])).toEqual([]);
    expect(harness.events.map(({ data }) => data)).toEqual(['first', 'first']);
    expect(
      harness.logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    ).toContain('A message has another payload than its request, which has ended');
  });

  test('B3, C4: made again after it was given up doesn’t revive it', async () => {
    const { harness, uploaded } = await ticketed(
      () => {
        throw new Error('never');
      },
      { maxAttempts: 1 },
    );
    const first = uploaded('first');
    await harness.process([first]);
    expect(harness.records.record(ID)).toMatchObject({ status: 'failed' });
    harness.clock.advanceSeconds(100);
    const again = { ...uploaded('other'), sentAt: harness.clock.now() };
    await harness.process([again]);
    expect(harness.records.record(ID)).toMatchObject({ status: 'failed', attempts: 1 });
  });

  test('B4: of another size than was said fails by its code', async () => {
    const { harness, uploaded } = await ticketed((request) => request.text());
    expect(await harness.process([uploaded('hell')])).toEqual([]);
    expect(harness.problem).toMatchObject({
      code: 'payload_size_mismatch',
      details: { expected: 5, actual: 4 },
    });
  });

  test('is let go of when its handler doesn’t read it', async () => {
    const { harness, uploaded } = await ticketed(() => 'done');
    await harness.process([uploaded('hello')]);
    expect(harness.event.data).toBe('done');
    expect(harness.store.opened).toHaveLength(1);
    expect(harness.store.unreleased).toBe(0);
  });
});
