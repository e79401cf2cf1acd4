import { describe, expect, it } from 'vitest';
import { textStatistics } from '../../../examples/http-service/text-statistics.ts';

describe('textStatistics', () => {
  it('counts characters, words and sentences', () => {
    expect(textStatistics("The cat sat. Didn't the dog? The cat!")).toEqual({
      characters: 37,
      words: 8,
      distinctWords: 5,
      sentences: 3,
      readingMinutes: 0,
      frequentWords: [
        { word: 'the', count: 3 },
        { word: 'cat', count: 2 },
        { word: "didn't", count: 1 },
        { word: 'dog', count: 1 },
        { word: 'sat', count: 1 },
      ],
    });
  });

  it('takes a sentence for one, over how many lines it may go', () => {
    expect(textStatistics('A title\r\n \r\nOne sentence\r\non two lines. Another\none.\n').sentences).toBe(3);
  });

  it('counts what readers see as one character', () => {
    expect(textStatistics('e\u0301👩‍👩‍👧‍👦').characters).toBe(2);
  });

  it('finds words where no spaces are', () => {
    expect(textStatistics('我喜欢猫').words).toBeGreaterThan(1);
  });

  it('has nothing to count in an empty text', () => {
    expect(textStatistics('')).toMatchObject({ characters: 0, words: 0, sentences: 0, frequentWords: [] });
  });

  it('estimates the time to read', () => {
    expect(textStatistics('word '.repeat(595)).readingMinutes).toBe(2.5);
  });
});
