import { quote } from '../base/quote.ts';

/** Longest topic, in characters. Every broker has room for it in a name or an attribute. */
export const TOPIC_MAX_LENGTH = 128;

/** A topic: names from the widest to the narrowest, with dots between them. These characters mean nothing to any broker. */
export const TOPIC = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** The metadata of an object in S3 that has the topic of its request. */
export const TOPIC_METADATA = 'topic';

const TOPIC_FORM = 'names of letters, digits, _ and - with dots between them, like images.thumbnail';

/** What is wrong with a topic; undefined if it is valid. */
export function topicProblem(topic: string): string | undefined {
  if (topic.length <= TOPIC_MAX_LENGTH && TOPIC.test(topic)) return undefined;
  return `must have 1 to ${TOPIC_MAX_LENGTH} characters: ${TOPIC_FORM}; got ${topic.length}: ${quote(topic)}`;
}

/**
 * What is wrong with a pattern of topics; undefined if it is valid. A pattern is a topic, or ends in `*`, which stands for one
 * or more names: `images.*` is for `images.thumbnail` and `images.thumbnail.small`, and not for `images`. `*` is for every
 * request, those without a topic among them.
 */
export function topicPatternProblem(pattern: string): string | undefined {
  const prefix = prefixOf(pattern);
  if (prefix === '' || topicProblem(prefix?.slice(0, -1) ?? pattern) === undefined) return undefined;
  return `must be a topic (1 to ${TOPIC_MAX_LENGTH} characters: ${TOPIC_FORM}) or one that ends in .*, or *; got ${quote(pattern)}`;
}

/** Whether a pattern is for a topic. */
export function matchesTopic(pattern: string, topic: string | undefined): boolean {
  const prefix = prefixOf(pattern);
  if (prefix === undefined) return topic === pattern;
  return prefix === '' || (topic?.startsWith(prefix) ?? false);
}

/** Whether some topic, or the lack of one, is matched by both patterns. */
export function patternsOverlap(one: string, other: string): boolean {
  const [prefix, otherPrefix] = [prefixOf(one), prefixOf(other)];
  if (prefix === undefined) return matchesTopic(other, one);
  if (otherPrefix === undefined) return matchesTopic(one, other);
  return prefix.startsWith(otherPrefix) || otherPrefix.startsWith(prefix);
}

/** The pattern that says most about a topic, of those that are for it; undefined if none is. */
export function closestPattern(patterns: Iterable<string>, topic: string | undefined): string | undefined {
  let closest: string | undefined;
  for (const pattern of patterns) {
    if (!matchesTopic(pattern, topic)) continue;
    // A topic itself is closer than the pattern of as many characters.
    if (closest === undefined || pattern.length > closest.length || pattern === topic) closest = pattern;
  }
  return closest;
}

/** The subscriber with the pattern that says most about a topic; undefined if none is for it. */
export function closestOf<Subscriber extends { readonly topics: readonly string[] }>(
  subscribers: readonly Subscriber[],
  topic: string | undefined,
): Subscriber | undefined {
  const patterns = subscribers.flatMap(({ topics }) => topics);
  const closest = closestPattern(patterns, topic);
  return subscribers.find(({ topics }) => closest !== undefined && topics.includes(closest));
}

/** What topics of a pattern with `*` start with; undefined for a pattern that is a topic. */
export function prefixOf(pattern: string): string | undefined {
  return pattern === '*' || pattern.endsWith('.*') ? pattern.slice(0, -1) : undefined;
}
