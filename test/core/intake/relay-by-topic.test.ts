import { expect, test } from 'vitest';
import { relayByTopic } from '../../../lib/core/intake/relay-by-topic.ts';
import type { QueueMessage } from '../../../lib/core/model/received-message.ts';

/** A relay that lists the ids of what it gets. */
function relayFor(...topics: string[]) {
  const got: string[] = [];
  const relay = async (messages: readonly QueueMessage[]) => {
    got.push(...messages.map(({ id }) => id));
  };
  return { topics, relay: { relay }, got };
}

function message(id: string, given: Partial<QueueMessage> = {}): QueueMessage {
  return { id, body: 'hello', attributes: {}, sentAt: 0, ...given };
}

const EVENT = { specversion: '1.0', id: 'e', source: '/', type: 't', topic: 'reports.monthly' };

test('each message goes to the processor with the closest pattern, wherever it states its topic', async () => {
  const images = relayFor('images.*', '*');
  const reports = relayFor('reports.*');
  await relayByTopic(
    [
      message('attribute', { attributes: { Topic: 'reports.daily' } }),
      message('binary CloudEvent', { cloudEvent: EVENT }),
      message('structured CloudEvent', { body: JSON.stringify(EVENT) }),
      message('image', { attributes: { Topic: 'images.small' } }),
      message('none'),
      message('its own JSON', { body: '{"topic":"reports.daily"}' }),
    ],
    [images, reports],
  );
  expect(reports.got).toEqual(['attribute', 'binary CloudEvent', 'structured CloudEvent']);
  expect(images.got).toEqual(['image', 'none', 'its own JSON']);
});

test('a CloudEvent says its topic itself, as where it is decoded', async () => {
  const images = relayFor('images.*', '*');
  const reports = relayFor('reports.*');
  const attributes = { Topic: 'images.small' };
  const none = { ...EVENT, topic: null };
  await relayByTopic(
    [
      message('binary', { attributes, cloudEvent: EVENT }),
      message('structured', { attributes, body: JSON.stringify(EVENT) }),
      message('no topic', { attributes: { Topic: 'reports.daily' }, body: JSON.stringify(none) }),
    ],
    [images, reports],
  );
  expect(reports.got).toEqual(['binary', 'structured']);
  expect(images.got).toEqual(['no topic']);
});

test('a message that no processor is for goes to the first, which fails its request', async () => {
  const images = relayFor('images.*');
  const reports = relayFor('reports.*');
  const messages = ['music', 'not a topic'].map((Topic) => message(Topic, { attributes: { Topic } }));
  await relayByTopic([...messages, message('none')], [images, reports]);
  expect(images.got).toEqual(['music', 'not a topic', 'none']);
});

test('all relays have ended when it fails, so that a repetition finds nothing half done', async () => {
  const broken = { topics: ['a'], relay: { relay: () => Promise.reject(new Error('no')) } };
  const slow = relayFor('b');
  const relay = async (messages: readonly QueueMessage[]) => {
    await new Promise((resolve) => setImmediate(resolve));
    await slow.relay.relay(messages);
  };
  const relaying = relayByTopic(
    [message('1', { attributes: { Topic: 'a' } }), message('2', { attributes: { Topic: 'b' } })],
    [broken, { topics: ['b'], relay: { relay } }],
  );
  await expect(relaying).rejects.toThrow('no');
  expect(slow.got).toEqual(['2']);
});
