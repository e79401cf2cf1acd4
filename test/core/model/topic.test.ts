import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  closestPattern,
  matchesTopic,
  patternsOverlap,
  prefixOf,
  TOPIC_MAX_LENGTH,
  topicPatternProblem,
  topicProblem,
} from '../../../lib/core/model/topic.ts';
import { patterns, topics } from '../../support/topic-arbitraries.ts';

describe('a topic', () => {
  test.each(['images', 'images.thumbnail', 'A-1.b_2', 'x'.repeat(TOPIC_MAX_LENGTH)])(
    '%s is valid',
    (topic) => {
      expect(topicProblem(topic)).toBeUndefined();
    },
  );

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    'ü',
    'a.*',
    '*',
    'a>b',
    'a#',
    'a/b',
    'x'.repeat(TOPIC_MAX_LENGTH + 1),
  ])('%j is refused', (topic) => {
    expect(topicProblem(topic)).toMatch(
      /^must have 1 to 128 characters: names of letters, digits, _ and - with dots between them, like images.thumbnail; got \d+: /,
    );
  });
});

describe('a pattern', () => {
  test.each(['*', 'images', 'images.*', 'images.thumbnail.*'])('%s is valid', (pattern) => {
    expect(topicPatternProblem(pattern)).toBeUndefined();
  });

  test.each(['', '**', '*.images', 'images*', 'a.*.b', '.*', 'a..*', 'a.>', 'a.#'])(
    '%j is refused',
    (pattern) => {
      expect(topicPatternProblem(pattern)).toMatch(
        /^must be a topic .* or one that ends in \.\*, or \*; got /,
      );
    },
  );

  test.each([
    ['images.*', 'images.thumbnail', true],
    ['images.*', 'images.thumbnail.small', true],
    ['images.*', 'images', false],
    ['images.*', 'imagesx.a', false],
    ['images.*', undefined, false],
    ['images', 'images', true],
    ['images', 'images.thumbnail', false],
    ['images', undefined, false],
    ['*', 'anything.at.all', true],
    ['*', undefined, true],
  ])('%s for %s: %s', (pattern, topic, expected) => {
    expect(matchesTopic(pattern, topic)).toBe(expected);
  });

  test('matches a topic as the names before its * say', () => {
    fc.assert(
      fc.property(patterns, topics, (pattern, topic) => {
        const wanted = pattern.split('.');
        const names = topic.split('.');
        const isOpen = wanted.at(-1) === '*';
        const fixed = isOpen ? wanted.slice(0, -1) : wanted;
        const expected =
          fixed.every((name, index) => names[index] === name) &&
          (isOpen ? names.length > fixed.length : names.length === fixed.length);
        expect(matchesTopic(pattern, topic)).toBe(expected);
      }),
    );
  });
});

describe('two patterns overlap', () => {
  test.each([
    ['images.thumbnail', 'images.thumbnail', true],
    ['images.thumbnail', 'images.large', false],
    ['images.*', 'images.thumbnail', true],
    ['images.*', 'images', false],
    ['images.*', 'images.large.*', true],
    ['images.*', 'reports.*', false],
    ['*', 'reports', true],
    ['*', '*', true],
  ])('%s and %s: %s', (one, other, expected) => {
    expect([patternsOverlap(one, other), patternsOverlap(other, one)]).toEqual([expected, expected]);
  });

  test('if one topic is matched by both', () => {
    fc.assert(
      fc.property(patterns, patterns, topics, (one, other, topic) => {
        if (matchesTopic(one, topic) && matchesTopic(other, topic)) {
          expect(patternsOverlap(one, other)).toBe(true);
        }
      }),
    );
  });
});

describe('the closest pattern', () => {
  test.each([
    [['*', 'images.*', 'images.thumbnail'], 'images.thumbnail', 'images.thumbnail'],
    [['*', 'images.*'], 'images.large', 'images.*'],
    [['*', 'images.*'], 'reports', '*'],
    [['*', 'images.*'], undefined, '*'],
    [['a.b.*', 'a.b.c'], 'a.b.c', 'a.b.c'],
    [['images.*'], 'reports', undefined],
    [['images.*'], undefined, undefined],
  ])('of %j for %s is %s', (given, topic, expected) => {
    expect(closestPattern(given, topic)).toBe(expected);
  });

  test('is for the topic, and none that is has a longer prefix', () => {
    fc.assert(
      fc.property(fc.array(patterns), topics, (given, topic) => {
        const closest = closestPattern(given, topic);
        const fitting = given.filter((pattern) => matchesTopic(pattern, topic));
        const depth = (pattern: string) => (prefixOf(pattern) ?? `${pattern}.!`).length;
        const deepest = Math.max(...fitting.map(depth));
        expect(fitting.find((pattern) => depth(pattern) === deepest)).toBe(closest);
      }),
    );
  });
});
