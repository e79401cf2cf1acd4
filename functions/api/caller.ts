import type { Caller } from '../../lib/api/context.ts';
import { ApiError } from '../../lib/api/problem.ts';
import { identityProblem } from '../../lib/core/request-id.ts';
import { API_TENANT_MAX_LENGTH, type ApiAuthName } from '../../lib/core/settings.ts';

/** What API Gateway says of who it let in. */
export interface GatewayContext {
  readonly authorizer?: {
    readonly iam?: object;
    readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
  };
}

/** How callers are told apart. */
export interface CallerRules {
  readonly auth: ApiAuthName;
  /** The claim that names the tenant; empty where there are no tenants. */
  readonly tenantClaim: string;
}

/**
 * Who makes a call. API Gateway has refused strangers before; one that comes without its word all the same is refused
 * here, so that a route without an authorizer opens nothing.
 * @throws ApiError 401, or 403 for a token that names no tenant
 */
export function callerOf({ authorizer }: GatewayContext, { auth, tenantClaim }: CallerRules): Caller {
  if (auth === 'none') return {};
  if (!authorizer?.[auth]) {
    throw new ApiError({ status: 401, code: 'unauthorized', detail: 'The call carries no authorization' });
  }
  return tenantClaim === '' ? {} : { tenant: tenantOf(authorizer.jwt?.claims?.[tenantClaim], tenantClaim) };
}

/** As API Gateway writes a claim that is a list: `[a b]` may be two names or one. */
const LIST = /^\[.*\]$/s;

function tenantOf(claim: unknown, name: string): string {
  if (
    typeof claim === 'string' &&
    claim.length >= 1 &&
    claim.length <= API_TENANT_MAX_LENGTH &&
    !LIST.test(claim)
  ) {
    const problem = identityProblem({ id: '-', issuer: '', tenant: claim });
    if (problem === undefined) return claim;
  }
  throw new ApiError({
    status: 403,
    code: 'tenant_unknown',
    detail: `The token's claim ${name} must name the tenant in 1 to ${API_TENANT_MAX_LENGTH} characters without control characters, and be no list`,
  });
}
