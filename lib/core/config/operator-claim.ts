/** The claim of tokens that names operators. */
export interface OperatorClaim {
  /** Name of the claim, such as `scope`, `roles` or `cognito:groups`. */
  readonly claim: string;
  /** What the claim of an operator contains, maybe beside others. */
  readonly value: string;
}

/** Values that can't be confused with a part of another one, nor with API Gateway's brackets. */
const VALUE = /^[^\s[\],"]{1,256}$/;

/** Whether a value can name operators. */
export function isOperatorValue(value: string): boolean {
  return VALUE.test(value);
}

/**
 * Whether a claim contains the value: a list as the token has it, as the text `[a b]` that API Gateway makes of it, or a text with
 * spaces between the values, as a scope is. Where values of a list contain spaces themselves, API Gateway's text doesn't tell them
 * apart from several values.
 */
export function containsValue(claim: unknown, value: string): boolean {
  if (Array.isArray(claim)) return claim.includes(value);
  if (typeof claim !== 'string') return false;
  return claim
    .replace(/^\[(.*)\]$/s, '$1')
    .split(' ')
    .includes(value);
}
