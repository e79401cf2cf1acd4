import type { DeployedStack, DeployedStatement } from './deployed-stack.ts';
import { type AuthorizationRequest, applies, decide, matches, matchesAction } from './evaluate.ts';

/** A request for one permission in one stack. */
export interface StackRequest extends AuthorizationRequest {
  readonly stack: DeployedStack;
  /** The path of the role that asks; absent for a service of AWS. */
  readonly role?: string;
}

/** The constructs of services in their stacks, those behind a front door before it. */
export const SERVICES = ['Service/Reports', 'Service', 'Second'];

/** They begin a path. The rights of all services are taken together. */
const SERVICE = new RegExp(`(?<=^|[:/])(?:${SERVICES.join('|')})/`);

/** What the policies of deployed stacks allow: one action on one resource each. */
export class Rights {
  readonly #statements: ReadonlyMap<DeployedStack, readonly DeployedStatement[]>;
  readonly #unused: Set<string>;

  constructor(stacks: readonly DeployedStack[]) {
    this.#statements = new Map(
      stacks.map((stack) => [stack, [...stack.identityStatements(), ...stack.resourceStatements()]]),
    );
    this.#unused = new Set(
      [...this.#statements.values()].flat().flatMap((statement) => {
        // Policies of other resources are the test app's own.
        const isOther = statement.principals !== undefined && !SERVICE.test(statement.owner);
        if (statement.effect === 'Deny' || isOther) return [];
        return statement.actions.flatMap((action) =>
          statement.places.map((place) => nameOf(statement, action, place)),
        );
      }),
    );
  }

  /** The rights that no checked request has used, as `ROLE: ACTION on RESOURCE`. */
  get unused(): readonly string[] {
    return [...this.#unused].sort();
  }

  /** Decides a request, and notes the rights that allow it. @returns a line about a denial; none if it is allowed */
  check(request: StackRequest): string[] {
    const statements = (this.#statements.get(request.stack) ?? []).filter(
      ({ principals, owner }) => principals !== undefined || owner === request.role,
    );
    const decision = decide(request, statements);
    if (decision !== 'allowed') {
      const { role, principal, action, resource, context } = request;
      return [`${role ?? principal}: ${action} on ${resource} is ${decision}, ${JSON.stringify(context)}`];
    }
    for (const statement of statements.filter((each) => applies(each, request))) {
      for (const action of statement.actions.filter((pattern) => matchesAction(request.action, pattern))) {
        for (const [index, pattern] of statement.resources.entries()) {
          if (matches(request.resource, pattern))
            this.#unused.delete(nameOf(statement, action, statement.places[index] ?? ''));
        }
      }
    }
    return [];
  }
}

function nameOf({ owner }: DeployedStatement, action: string, place: string): string {
  return `${owner.replace(SERVICE, '')}: ${action} on ${place.replace(SERVICE, '')}`;
}
