/** Statistics of a text. */
export interface TextStatistics {
  readonly characters: number;
  readonly words: number;
  readonly distinctWords: number;
  readonly sentences: number;
  /** At 238 words per minute, the silent reading rate of adults in English (Brysbaert, 2019). */
  readonly readingMinutes: number;
  /** Case-insensitive. */
  readonly frequentWords: readonly { readonly word: string; readonly count: number }[];
}

const WORDS_PER_MINUTE = 238;
const FREQUENT_WORDS = 10;

// Uses Unicode's rules and dictionaries, so that languages without spaces have words too.
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** Counts the characters (as readers see them), words and sentences of a text. */
export function textStatistics(text: string): TextStatistics {
  const counts = new Map<string, number>();
  let total = 0;
  for (const { segment, isWordLike } of words.segment(text)) {
    if (!isWordLike) continue;
    const word = segment.toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
    total++;
  }
  return {
    characters: count(graphemes.segment(text)),
    words: total,
    distinctWords: counts.size,
    sentences: paragraphsOf(text).reduce((sum, paragraph) => sum + countSentences(paragraph), 0),
    readingMinutes: Math.round((10 * total) / WORDS_PER_MINUTE) / 10,
    frequentWords: [...counts]
      .map(([word, count]) => ({ word, count }))
      .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
      .slice(0, FREQUENT_WORDS),
  };
}

/** Joins lines, because a line break would end a sentence. */
function paragraphsOf(text: string): string[] {
  return text.split(/\n\s*\n/).map((paragraph) => paragraph.replaceAll(/[\r\n]/g, ' '));
}

function countSentences(paragraph: string): number {
  return count(sentences.segment(paragraph), ({ segment }) => segment.trim() !== '');
}

function count<Item>(items: Iterable<Item>, counts: (item: Item) => boolean = () => true): number {
  let total = 0;
  for (const item of items) if (counts(item)) total++;
  return total;
}
