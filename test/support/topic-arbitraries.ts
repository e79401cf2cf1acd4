import fc from 'fast-check';

/** Topics that share names and prefixes. */
export const topics = fc
  .array(fc.constantFrom('images', 'thumbnail', 'a', 'a_b', 'b-2', 'A'), { minLength: 1, maxLength: 5 })
  .map((names) => names.join('.'));

/** Patterns of such topics. */
export const patterns = fc.oneof(
  topics,
  topics.map((topic) => `${topic}.*`),
  fc.constant('*'),
);
