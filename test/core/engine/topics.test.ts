import { expect, test } from 'vitest';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { ATTRIBUTES } from '../../../lib/core/wire/attributes.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const ABOUT_IMAGES = requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', Topic: 'images.small' } });

const topicOf: Handler = ({ topic, metadata }) => ({ topic, metadata });

test('a topic reaches the handler, the record and the outcome', async () => {
  const harness = new EngineHarness(topicOf);
  await harness.process([ABOUT_IMAGES]);
  expect(harness.event).toMatchObject({
    topic: 'images.small',
    data: { topic: 'images.small', metadata: {} },
  });
  expect(harness.records.record('r-1')).toMatchObject({ request: { topic: 'images.small' } });
});

test('that of a CloudEvent too, and it is not metadata', async () => {
  const event = { specversion: '1.0', id: 'r-1', source: '/shop', type: 'order', topic: 'orders', data: {} };
  const harness = new EngineHarness(topicOf);
  await harness.process([delivery(JSON.stringify(event))]);
  expect(harness.event).toMatchObject({ topic: 'orders', data: { topic: 'orders' } });
  expect(harness.event.data).not.toHaveProperty('metadata.topic');
});

test('that of an upload is in the metadata of its object', async () => {
  const harness = new EngineHarness(topicOf, { outputFormat: 'raw' });
  harness.store.put('requests/a', 'hello', { metadata: { topic: 'images' } });
  await harness.process([delivery(s3Event(s3Record({ key: 'requests/a', size: 5 })))]);
  expect(harness.output.messages[0]?.attributes.Topic).toEqual({ type: 'String', value: 'images' });
});

test.each(['Quarterly report', 'reports.quarterly'])(
  'metadata of a message is no topic: %s',
  async (topic) => {
    const harness = new EngineHarness(topicOf);
    await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', topic } })]);
    expect(harness.event).toMatchObject({ data: { metadata: { topic } } });
    expect(harness.event).not.toHaveProperty('topic');
  },
);

test.each([
  ['images.small', ['images.*'], 'succeeded'],
  ['images.small', ['reports', 'images.small'], 'succeeded'],
  ['images.small', ['*'], 'succeeded'],
  ['images.small', ['reports.*', 'images'], 'failed'],
])('a request about %s in the queue of a processor for %j has %s', async (_, topics, status) => {
  const harness = new EngineHarness(topicOf, { topics });
  expect(await harness.process([ABOUT_IMAGES])).toEqual([]);
  expect(harness.event.type).toBe(`coatcheck.request.${status}`);
});

test('a refusal names the topic and what the processor is for', async () => {
  const harness = new EngineHarness(topicOf, { topics: ['reports.*', 'images'] });
  await harness.process([ABOUT_IMAGES]);
  expect(harness.event).toMatchObject({
    topic: 'images.small',
    data: {
      code: 'topic_refused',
      detail:
        'The request has the topic images.small, and the processor that got it is for reports.*, images: send it with a topic of this processor, or to another one',
    },
  });
});

test('what was refused runs when its dead letter reaches a processor for its topic', async () => {
  const before = new EngineHarness(topicOf, { topics: ['reports.*'] });
  await before.process([ABOUT_IMAGES]);
  expect(before.deadLetters.messages[0]?.attributes).toMatchObject({
    [ATTRIBUTES.deadLetterCode]: { value: 'topic_refused' },
  });
  const { records } = before;
  const after = new EngineHarness(topicOf, { topics: ['images.*'], ports: { records } });
  const attributes = { RequestId: 'r-1', Topic: 'images.small', DeadLetterRedrives: '0' };
  const redriven = requestDelivery('r-1', {}, { attributes, id: 'redriven', sentAt: before.clock.now() });
  expect(await after.process([redriven])).toEqual([]);
  expect(records.record('r-1')).toMatchObject({ status: 'succeeded' });
});

test('a request without a topic is for processors of *', async () => {
  const harness = new EngineHarness(topicOf, { topics: ['images.*'] });
  await harness.process([requestDelivery('r-1')]);
  expect(harness.event.data).toMatchObject({
    code: 'topic_refused',
    detail:
      'The request has no topic, and the processor that got it is for images.*: send it with a topic of this processor, or to another one',
  });
});

test.each(['a b', 'images.*'])('the topic %s fails its request', async (topic) => {
  const harness = new EngineHarness(topicOf);
  await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', Topic: topic } })]);
  expect(harness.event.data).toMatchObject({ code: 'envelope_malformed' });
});
