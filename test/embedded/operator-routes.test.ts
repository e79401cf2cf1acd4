import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';
const OPERATOR = 'o'.repeat(32);
const CALLER = 'c'.repeat(32);

/** As much of an operation of the document as is looked at here. */
interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly requestBody?: object;
  readonly 'x-operator'?: boolean;
}

/** An API with the routes of all features, over a file. */
async function openApi(): Promise<
  (method: string, path: string, key: string, body?: string) => Promise<Response>
> {
  const file = join(await temporaryFolder(), 'service.db');
  const parts = await openParts({ file, logger: new CollectingLogger() }, Date);
  const service = new Service({ ...parts, processor: defineProcessor(async (request) => request.json()) });
  onTestFinished(() => service.close());
  const apiKeys = { callers: [CALLER], operators: [OPERATOR] };
  const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32), apiKeys });
  return async (method, path, key, body) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    return app.fetch(new Request(`${BASE_URL}${path}`, { method, headers, body }));
  };
}

async function operationsOf(call: Awaited<ReturnType<typeof openApi>>) {
  const { paths } = (await (await call('GET', '/v1/openapi.json', CALLER)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

test('a call for operators answers 403 to others, even if it is malformed', async () => {
  const call = await openApi();
  const operations = (await operationsOf(call)).filter(({ operation }) => operation['x-operator']);
  expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual([
    'abortAction',
    'applyAction',
    'cancelRequestOfTenant',
    'getAction',
    'getActionPayload',
    'getActivity',
    'getLedger',
    'getPayloadOfTenant',
    'getRequestOfTenant',
    'getResultOfTenant',
    'listActionRequests',
    'listActions',
    'listAlarms',
    'listRequestsOfTenant',
    'listSettings',
    'noteFailure',
    'pauseProcessing',
    'planAction',
    'repeatWebhookOfTenant',
    'resumeProcessing',
  ]);
  for (const { method, path, operation } of operations) {
    const target = path.replaceAll(/\{.+?\}/g, 'x');
    const bodies = operation.requestBody ? ['{', '[]', '{"unknown": 1}'] : [undefined];
    for (const query of ['', '?unknown=1&limit=x']) {
      for (const body of bodies) {
        const refused = await call(method, target + query, CALLER, body);
        const { code } = (await refused.json()) as { code: string };
        expect([operation.operationId, refused.status, code]).toEqual([
          operation.operationId,
          403,
          'operator_required',
        ]);
      }
    }
    // The call is malformed: an operator gets 400.
    const answered = await call(method, `${target}?unknown=1`, OPERATOR, bodies[0]);
    expect([operation.operationId, answered.status]).toEqual([operation.operationId, 400]);
  }
});

test('the document marks the calls whose description says that they are for operators', async () => {
  const operations = await operationsOf(await openApi());
  for (const { operation } of operations) {
    const isSaid = /For operators\.|Only operators may\./.test(operation.description ?? '');
    expect([operation.operationId, operation['x-operator'] ?? false]).toEqual([
      operation.operationId,
      isSaid,
    ]);
  }
});
