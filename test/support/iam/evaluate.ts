/** A statement of an identity-based or resource-based policy. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  /** Patterns of actions. */
  readonly actions: readonly string[];
  /** Patterns of ARNs. */
  readonly resources: readonly string[];
  readonly conditions: Conditions;
  /** Of a resource-based policy. */
  readonly principals?: readonly string[];
}

/** Expected values by operator and by condition key. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What one call asks IAM for. A call can ask for several. */
export interface AuthorizationRequest {
  /** The ARN of a role, or the host name of a service. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Values by condition key. A list is the value of a multivalued key. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** The outcome of an evaluation. */
export type Decision = 'allowed' | 'explicitly denied' | 'implicitly denied';

/**
 * Decides a request within one account: any matching Deny wins, then any matching Allow; everything else is denied.
 * @param statements those of the principal's policies and of the resource's policy
 * @throws Error for an element that this evaluator doesn't know, rather than to guess
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 */
export function decide(request: AuthorizationRequest, statements: readonly PolicyStatement[]): Decision {
  const matching = statements.filter((statement) => applies(statement, request));
  if (matching.length === 0) return 'implicitly denied';
  return matching.some(({ effect }) => effect === 'Deny') ? 'explicitly denied' : 'allowed';
}

/** Whether a statement is about a request. */
export function applies(
  statement: PolicyStatement,
  { principal, action, resource, context }: AuthorizationRequest,
): boolean {
  const { principals, actions, resources, conditions } = statement;
  return (
    (!principals || principals.includes('*') || principals.includes(principal)) &&
    actions.some((pattern) => matchesAction(action, pattern)) &&
    resources.some((pattern) => matches(resource, pattern)) &&
    Object.entries(conditions).every(([operator, keys]) =>
      Object.entries(keys).every(([key, expected]) => meets(operator, context[key], expected)),
    )
  );
}

/** Names of actions are case-insensitive. */
export function matchesAction(action: string, pattern: string): boolean {
  return matches(action.toLowerCase(), pattern.toLowerCase());
}

/**
 * Whether a text matches a pattern with the wildcards `*` and `?`.
 * @throws Error for a policy variable
 */
export function matches(text: string, pattern: string): boolean {
  if (pattern.includes('${')) throw new Error(`policy variables aren't evaluated: ${pattern}`);
  const expression = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

/** The operators on one value. */
const OPERATORS: Readonly<Record<string, (actual: string, expected: string) => boolean>> = {
  StringEquals: (actual, expected) => actual === expected,
  StringLike: matches,
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
};

/**
 * @param actual undefined for a key that the request doesn't have
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
function meets(
  operator: string,
  actual: string | readonly string[] | undefined,
  expected: readonly string[],
): boolean {
  const [, set, name = '', ifExists] =
    /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const negated = /^(String|Arn)Not/.test(name);
  const compare = OPERATORS[name.replace('Not', '')];
  if (!compare) throw new Error(`the condition operator ${operator} isn't evaluated`);
  const values = actual === undefined ? [] : [actual].flat();
  if (!set && values.length > 1) throw new Error(`${operator} needs a set operator for ${values.join(', ')}`);
  const isOne = (value: string) => expected.some((one) => compare(value, one)) !== negated;
  if (set === 'ForAllValues:') return values.every(isOne);
  if (values.length === 0) return (negated && !set) || ifExists !== undefined;
  return values.some(isOne);
}

/** Each of the six parts of an ARN is matched by itself: a wildcard doesn't reach across a colon before the last part. */
function matchesArn(actual: string, expected: string): boolean {
  const [actualParts, expectedParts] = [actual, expected].map(partsOfArn);
  return (expectedParts ?? []).every((part, index) => matches(actualParts?.[index] ?? '', part));
}

function partsOfArn(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
