import type { Caller } from '../api/context.ts';
import { ProblemError } from '../api/problem.ts';
import { containsValue } from '../core/config/operator-claim.ts';
import { API_TENANT_MAX_LENGTH, type ApiAuthName } from '../core/config/settings.ts';
import { identityProblem } from '../core/model/request-id.ts';

/** What API Gateway's authorizer passes on about the caller. */
export interface GatewayContext {
  readonly authorizer?: {
    readonly iam?: { readonly userArn?: string };
    readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
  };
}

/** How callers are authenticated and assigned to tenants. */
export interface CallerRules {
  readonly auth: ApiAuthName;
  /** The claim that names the tenant; empty where there are no tenants. */
  readonly tenantClaim: string;
  /** The claim that names operators; empty if no token does. */
  readonly operatorClaim: string;
  /** What that claim of an operator contains. */
  readonly operatorValue: string;
}

/**
 * The caller of the API. API Gateway has already rejected unauthenticated calls. A call without the authorizer's data
 * is rejected here as well, so that a route that lacks an authorizer isn't open to everyone.
 * @throws ProblemError 401, or 403 for a token that names no tenant
 */
export function callerOf({ authorizer }: GatewayContext, rules: CallerRules): Caller {
  const { auth } = rules;
  if (auth === 'none') return { isOperator: true };
  if (!authorizer?.[auth]) {
    throw new ProblemError({ status: 401, code: 'unauthorized', ...UNAUTHENTICATED[auth] });
  }
  // The policy of the caller allows the calls of operators, or doesn't.
  if (auth === 'iam') return { isOperator: true, name: authorizer.iam?.userArn };
  return tokenCaller(authorizer.jwt?.claims ?? {}, rules);
}

/** An operator may have a tenant, or none. Others have one, if there are tenants. */
function tokenCaller(
  claims: Readonly<Record<string, unknown>>,
  { tenantClaim, operatorClaim, operatorValue }: CallerRules,
): Caller {
  const isOperator = operatorClaim !== '' && containsValue(claims[operatorClaim], operatorValue);
  const named = isOperator ? { name: subjectOf(claims) } : {};
  const hasNoTenant = tenantClaim === '' || (isOperator && claims[tenantClaim] === undefined);
  if (hasNoTenant) return { isOperator, ...named };
  return { isOperator, tenant: tenantOf(claims[tenantClaim], tenantClaim), ...named };
}

/** The name of an operator in the log of operations. */
function subjectOf({ sub }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof sub === 'string' && /^[\x21-\x7e]{1,256}$/.test(sub) ? sub : undefined;
}

/** How to authenticate, by kind of authorizer. */
const UNAUTHENTICATED = {
  iam: {
    detail:
      'Not authenticated: sign the call with AWS credentials (Signature Version 4, service execute-api) of a role that ' +
      'was given service.grantInvokeApi()',
    headers: { 'WWW-Authenticate': 'AWS4-HMAC-SHA256' },
  },
  jwt: {
    detail:
      'Not authenticated: send a token of the issuer the service is deployed with as Authorization: Bearer TOKEN',
    headers: { 'WWW-Authenticate': 'Bearer' },
  },
} as const;

/** API Gateway's format of a claim that is a list: `[a b]` can be two names or one. */
const LIST = /^\[.*\]$/s;

function tenantOf(claim: unknown, name: string): string {
  const problem = tenantProblem(claim);
  if (typeof claim === 'string' && problem === undefined) return claim;
  throw new ProblemError({
    status: 403,
    code: 'tenant_unknown',
    detail:
      `The claim ${name} of the token must name one tenant in 1 to ${API_TENANT_MAX_LENGTH} characters without control ` +
      `characters, ${problem}. Have the issuer put it into its tokens, or deploy with the tenantClaim that they have`,
  });
}

/** The problem with a claim as a tenant's name. It doesn't quote the claim. */
function tenantProblem(claim: unknown): string | undefined {
  if (claim === undefined) return 'the token has no such claim';
  if (typeof claim !== 'string') return 'it is no text';
  if (LIST.test(claim)) return 'it is a list';
  if (claim.length < 1 || claim.length > API_TENANT_MAX_LENGTH) return `it has ${claim.length}`;
  return identityProblem({ id: '-', source: '', tenant: claim }) && 'it has such characters';
}
