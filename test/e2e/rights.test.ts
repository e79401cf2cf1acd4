import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { LOCAL_ACCOUNT } from '../../lib/local/environment.ts';
import { authorizationRequestsOf } from '../support/iam/authorization-requests.ts';
import { callerName } from '../support/iam/caller-name.ts';
import { DeployedStack } from '../support/iam/deployed-stack.ts';
import type { RecordedCall } from '../support/iam/recorded-call.ts';
import { Rights, SERVICES } from '../support/iam/rights.ts';
import { CALLS_BY_AWS } from './calls-by-aws.ts';
import { E2E_FOLDER } from './folder.ts';
import { stacks as outputs } from './stacks.ts';
import { UNUSED_RIGHTS } from './unused-rights.ts';

/** Far fewer than the other tests of this project record. */
const LEAST_CALLS = 1_000;

/** A role of a deployed stack. */
interface Caller {
  readonly stack: DeployedStack;
  readonly role: string;
}

/**
 * The policies of the roles against what they called in all other tests of this project, which run before this file, in a
 * project of their own: see vitest.config.ts. Calls of an AWS that the tests don't start aren't recorded.
 */
describe.skipIf(process.env.AWS_ENDPOINT_URL)('every right is proven', () => {
  let stacks: readonly DeployedStack[];
  let rights: Rights;

  beforeAll(async () => {
    stacks = await Promise.all(
      Object.keys(outputs).map((name) =>
        DeployedStack.read(name, inject('endpoint'), `${E2E_FOLDER}/cdk.out`, outputs),
      ),
    );
    rights = new Rights(stacks);
  });

  test('each call of a role is allowed by its policies', async () => {
    const lines = (await readFile(inject('calls'), 'utf8')).trimEnd().split('\n');
    expect(lines.length, 'recorded calls: run the projects e2e and rights').toBeGreaterThan(LEAST_CALLS);
    const denials = lines.flatMap((line) => {
      const call: RecordedCall = JSON.parse(line);
      const caller = callerOf(call, stacks);
      if (!caller) return [];
      const principal = caller.stack.arnOf(caller.role) ?? '';
      return authorizationRequestsOf(call).flatMap((request) =>
        rights.check({ ...request, ...caller, principal }),
      );
    });
    expect([...new Set(denials)]).toEqual([]);
  });

  test.each(CALLS_BY_AWS)('AWS may call by itself: $why ($caller, $resource)', (call) => {
    const denials = stacks.flatMap((stack) =>
      SERVICES.flatMap((service) => {
        const others = SERVICES.map((each) => stack.arnOf(`${each}/${call.unless}`));
        if (others.some((arn) => arn !== undefined)) return [];
        const resource = stack.arnOf(`${service}/${call.resource}`) ?? stack.arnOf(call.resource);
        const role = `${service}/${call.caller}`;
        const principal = call.caller.endsWith('.amazonaws.com') ? call.caller : stack.arnOf(role);
        if (resource === undefined || principal === undefined) return [];
        const source = call.source && stack.arnOf(`${service}/${call.source}`);
        if (call.source && source === undefined) return [];
        const context = {
          'aws:SecureTransport': 'true',
          'aws:SourceAccount': LOCAL_ACCOUNT,
          ...(source && { 'aws:SourceArn': source }),
        };
        // The ARN of a log group stands for its streams.
        const asked = { stack, role, principal, resource: resource.replace(/\*$/, 'log-stream:'), context };
        return [call.actions.flatMap((action) => rights.check({ ...asked, action }))];
      }),
    );
    expect(denials, 'services with this call').not.toEqual([]);
    expect(denials.flat()).toEqual([]);
  });

  test('each right is used, or has a reason', () => {
    expect(rights.unused).toEqual(Object.keys(UNUSED_RIGHTS).sort());
  });
});

/** The role that makes a call; undefined for an API that needs none, and for services that other tests deploy. */
function callerOf(
  { caller, presigned, service, url }: RecordedCall,
  stacks: readonly DeployedStack[],
): Caller | undefined {
  const [, bucket = '', , api = ''] = url.split('/');
  if (service === 'execute-api') {
    const { stack } = ownerOf('Api/Http', api, stacks) ?? {};
    return stack?.arnOf('Caller') === undefined ? undefined : { stack, role: 'Caller' };
  }
  if (presigned) {
    const { stack, owner } = ownerOf('Payloads/Bucket', bucket, stacks) ?? {};
    return stack && { stack, role: `${owner}/Api/Function/Role` };
  }
  for (const stack of stacks) {
    const role = stack.roles.find((each) => callerName(`${stack.name}/${each}`) === caller);
    if (role !== undefined) return { stack, role };
  }
  throw new Error(`no role has the name ${caller}`);
}

/** The service that has a resource. */
function ownerOf(path: string, id: string, stacks: readonly DeployedStack[]) {
  for (const stack of stacks) {
    const owner = SERVICES.find((service) => stack.arnOf(`${service}/${path}`)?.endsWith(`:${id}`));
    if (owner !== undefined) return { stack, owner };
  }
  return undefined;
}
