import { Token } from 'aws-cdk-lib';
import { SNS_MAX_FILTER_COMBINATIONS } from '../../core/config/aws-limits.ts';
import { LABEL_NAMES } from '../../core/config/label-names.ts';
import { OUTCOME_STATUSES, type OutcomeStatus } from '../../core/config/outcome-statuses.ts';
import { identityProblem } from '../../core/model/request-id.ts';
import { prefixOf } from '../../core/model/topic.ts';
import { topicProblems } from './topic-problems.ts';

/** The outcomes that a subscription selects. */
export interface OutcomeSelection {
  readonly topics?: readonly string[];
  readonly statuses?: readonly OutcomeStatus[];
  readonly tenants?: readonly string[];
}

/** A condition on a message attribute. */
type Condition = string | { readonly prefix: string };

/** A filter policy of SNS by message attributes: all attributes match, each one of its conditions. */
export type FilterPolicy = Readonly<Record<string, readonly Condition[]>>;

/**
 * The filter policy of a selection; undefined if it selects all outcomes.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export function filterPolicyOf({ topics, statuses, tenants }: OutcomeSelection): FilterPolicy | undefined {
  const policy: FilterPolicy = {
    // Outcomes without a topic, which * is for, have no attribute.
    ...(topics && !topics.includes('*') && { [LABEL_NAMES.topic]: topics.map(topicCondition) }),
    ...(statuses && { [LABEL_NAMES.status]: statuses }),
    ...(tenants && { [LABEL_NAMES.tenant]: tenants }),
  };
  return Object.keys(policy).length === 0 ? undefined : policy;
}

function topicCondition(pattern: string): Condition {
  const prefix = prefixOf(pattern);
  return prefix === undefined ? pattern : { prefix };
}

/** The problems with what a subscription selects. */
export function selectionProblems(selection: OutcomeSelection): string[] {
  const { topics, statuses, tenants } = selection;
  return [
    ...topicProblems(topics),
    ...statusProblems(statuses),
    ...tenantProblems(tenants),
    ...combinationProblems(selection),
  ];
}

function statusProblems(statuses: readonly string[] | undefined): string[] {
  if (!statuses || (statuses.length > 0 && statuses.every(isStatus))) return [];
  return [`statuses must be one or more of ${OUTCOME_STATUSES.join(', ')}, got ${JSON.stringify(statuses)}`];
}

function isStatus(status: string): boolean {
  return OUTCOME_STATUSES.some((known) => known === status);
}

function tenantProblems(tenants: readonly string[] | undefined): string[] {
  if (!tenants) return [];
  if (tenants.length === 0)
    return ['tenants must have at least one tenant, got none: leave it out for all tenants'];
  return tenants.flatMap((tenant, index) => {
    const problem = Token.isUnresolved(tenant)
      ? undefined
      : identityProblem({ id: 'any', source: '', tenant });
    return problem === undefined ? [] : [`tenants[${index}]: ${problem}`];
  });
}

/** @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html */
function combinationProblems(selection: OutcomeSelection): string[] {
  const counts = Object.values(filterPolicyOf(selection) ?? {}).map(({ length }) => length);
  const combinations = counts.reduce((product, count) => product * count, 1);
  if (combinations <= SNS_MAX_FILTER_COMBINATIONS) return [];
  return [
    `The number of topics × statuses × tenants must be at most ${SNS_MAX_FILTER_COMBINATIONS}, which is SNS's limit, got ` +
      `${counts.join(' × ')} = ${combinations}: use patterns, or a second subscription with a queue of its own`,
  ];
}
