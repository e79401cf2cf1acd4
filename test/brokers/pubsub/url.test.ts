import { describe, expect, test } from 'vitest';
import { gcloud, parsePubSubUrl, pathOf } from '../../../lib/brokers/pubsub/url.ts';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';

describe('a URL', () => {
  test.each([
    ['pubsub://my-project/requests', 'projects/my-project/subscriptions/requests'],
    ['pubsub://example.com%3Amy-project/requests', 'projects/example.com:my-project/subscriptions/requests'],
    ['pubsub://my-project/a_b.c~d+e%25f', 'projects/my-project/subscriptions/a_b.c~d+e%f'],
  ])('%s names %s', (text, path) => {
    expect(pathOf(parsePubSubUrl(new URL(text), 'subscription'))).toBe(path);
  });

  test('names a topic for an output', () => {
    const topic = parsePubSubUrl(new URL('pubsub://my-project/outcomes'), 'topic');
    expect(pathOf(topic)).toBe('projects/my-project/topics/outcomes');
    expect(gcloud(topic, 'create')).toBe('gcloud pubsub topics create outcomes --project=my-project');
  });

  test.each([
    ['pubsub:///requests', 'has no project: write pubsub://PROJECT_ID/TOPIC'],
    ['pubsub://Project/requests', 'has the project Project'],
    ['pubsub://my-project', 'names no topic: write pubsub://my-project/NAME'],
    ['pubsub://my-project/', 'names no topic'],
    ['pubsub://my-project/projects/p', 'has the topic projects/p'],
    ['pubsub://my-project/goog-a', 'has the topic goog-a'],
    ['pubsub://my-project/a%', 'has a malformed topic'],
    ['pubsub://my-project/requests?topic=a', 'has the unknown parameter topic: there are none'],
    ['pubsub://user:secret@my-project/requests', 'has a login'],
  ])('%s is refused', (text, problem) => {
    const parse = () => parsePubSubUrl(new URL(text), 'topic');
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(problem);
    expect(parse).not.toThrow('secret');
  });
});
