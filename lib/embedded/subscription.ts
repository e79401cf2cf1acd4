import { ConfigurationError } from '../core/base/errors.ts';
import { quote } from '../core/base/quote.ts';
import { OUTCOME_STATUSES } from '../core/config/outcome-statuses.ts';
import { identityProblem } from '../core/model/request-id.ts';
import { topicPatternProblem } from '../core/model/topic.ts';
import type { OutcomeFilter } from '../stores/sqlite/subscriptions.ts';

const NAME = /^[\w-]{1,64}$/;

/** @throws ConfigurationError for a name that a subscription can't have */
export function assertSubscriptionName(name: string): void {
  const problem = nameProblem(name);
  if (problem) throw new ConfigurationError(problem);
}

/** @throws ConfigurationError that names every part of a subscription that can't be used, or that no outcome fits */
export function assertSubscription(name: string, { topics, statuses, tenants }: OutcomeFilter): void {
  const problems = [
    nameProblem(name),
    ...emptyProblems({ topics, statuses, tenants }),
    ...(topics ?? []).map((pattern) => prefixed('topics', topicPatternProblem(pattern))),
    ...(statuses ?? []).map((status) =>
      OUTCOME_STATUSES.some((known) => known === status)
        ? undefined
        : `statuses must be of ${OUTCOME_STATUSES.join(', ')}, got ${quote(status)}`,
    ),
    ...(tenants ?? []).map((tenant) =>
      prefixed('tenants', identityProblem({ id: 'any', source: '', tenant })),
    ),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0)
    throw new ConfigurationError(`The subscription can't be added: ${problems.join('; ')}`);
}

function nameProblem(name: unknown): string | undefined {
  if (typeof name === 'string' && NAME.test(name)) return undefined;
  return `The name of a subscription must have 1 to 64 letters, digits, _ and -, got ${quote(name)}`;
}

function emptyProblems(lists: Readonly<Record<string, readonly string[] | undefined>>): string[] {
  return Object.entries(lists).flatMap(([part, values]) =>
    values?.length === 0 ? [`${part} must have at least one, got none: leave it out for all`] : [],
  );
}

function prefixed(part: string, problem: string | undefined): string | undefined {
  return problem && `${part}: ${problem}`;
}
