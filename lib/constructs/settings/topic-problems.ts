import { topicPatternProblem } from '../../core/model/topic.ts';

/** The problems with the topics of a processor. */
export function topicProblems(topics: readonly string[] | undefined, path = 'topics'): string[] {
  if (topics === undefined) return [];
  if (topics.length === 0)
    return [`${path} must have at least one pattern, got none: leave it out for all topics`];
  return topics.flatMap((pattern, index) => {
    const problem = topicPatternProblem(pattern);
    return problem === undefined ? [] : [`${path}[${index}] ${problem}`];
  });
}
