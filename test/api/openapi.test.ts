import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ACTION_ROUTES } from '../../lib/api/action-routes.ts';
import { ACTIVITY_ROUTES } from '../../lib/api/activity-routes.ts';
import { BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import { openApiDocument } from '../../lib/api/openapi-document.ts';
import { SCHEDULE_ROUTES } from '../../lib/api/schedule-routes.ts';
import { WORK_ROUTES } from '../../lib/api/work-routes.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { WALK } from './walk.ts';

/** As much of a description as is looked at here. */
interface Description {
  readonly openapi: string;
  readonly security: readonly object[];
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly description?: string }>>;
    readonly securitySchemes?: object;
  };
}

interface DescribedOperation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

async function described(auth: 'iam' | 'jwt' | 'none' = 'none'): Promise<Description> {
  const api = new ApiHarness(undefined, { auth });
  const response = await api.call('GET', '/v1/openapi.json');
  expect(response.headers.get('content-type')).toBe('application/json');
  return JSON.parse(await response.text());
}

/** The description with the routes that only some hosts have. */
function wholeDescription(): Description {
  const more = [...SCHEDULE_ROUTES, ...BATCH_ROUTES, ...WORK_ROUTES, ...ACTION_ROUTES, ...ACTIVITY_ROUTES];
  return JSON.parse(JSON.stringify(openApiDocument('key', more)));
}

/** What Redocly's linter says by its recommended rules. */
async function lint(
  description: Description,
): Promise<{ errors: number; warnings: number; problems: unknown[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  try {
    await writeFile(join(folder, 'openapi.json'), JSON.stringify(description));
    const redocly = join(PROJECT_FOLDER, 'node_modules/.bin/redocly');
    const options = ['--extends=recommended', '--format=json'];
    // It goes by the configuration of the folder it is run in, and reports that it was used.
    const run = promisify(execFile)(redocly, ['lint', ...options, 'openapi.json'], {
      cwd: folder,
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    });
    const { stdout } = await run.catch((error: unknown) => {
      if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) };
      throw error;
    });
    const { totals, problems } = JSON.parse(stdout);
    return { errors: totals.errors, warnings: totals.warnings, problems };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Every operation of a description, by its method and path. */
function operationsOf({ paths }: Description): Map<string, DescribedOperation> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    ),
  );
}

describe('the description', () => {
  test.each(['iam', 'jwt', 'none'] as const)(
    'has nothing a linter minds, with callers let in by %s',
    async (auth) => {
      expect(await lint(await described(auth))).toEqual({ errors: 0, warnings: 0, problems: [] });
    },
  );

  test('has nothing a linter minds, with schedules, batches, the calls of takers and callers let in by a key', async () => {
    const description = wholeDescription();
    expect(await lint(description)).toEqual({ errors: 0, warnings: 0, problems: [] });
    expect(operationsOf(description)).toHaveProperty('size', 72);
  });

  test('is looked at by that linter: it minds what is wrong', async () => {
    const description = await described();
    const { errors } = await lint({
      ...description,
      paths: { ...description.paths, '/v1/nothing': { get: { operationId: 'x', responses: {} } } },
    });
    expect(errors).toBeGreaterThan(0);
  });

  test('has every route of the API, and no other', async () => {
    const { app } = new ApiHarness();
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/\/:(\w+)/g, '/{$1}')}`);
    const operations = [...operationsOf(await described()).keys()];
    expect(new Set(routes)).toEqual(new Set([...operations, 'GET /v1/openapi.json']));
    expect(operations).toHaveLength(42);
  });

  test('has every answer of the walk, and no other', async () => {
    const documented = [...operationsOf(await described()).values()].flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    const walked = WALK.map(({ operation, status }) => `${operation} ${status}`);
    expect([...new Set(walked)].toSorted()).toEqual(documented.toSorted());
  });

  test('has the content type of every answer', async () => {
    const operations = [...operationsOf(await described()).values()];
    for (const { operation, status, answer } of WALK) {
      const { responses = {} } = operations.find(({ operationId }) => operationId === operation) ?? {};
      const contentType = (await answer()).headers.get('content-type');
      const documented = Object.keys(responses[status]?.content ?? {});
      if (documented.includes('*/*')) continue;
      expect([operation, status, documented]).toEqual([
        operation,
        status,
        contentType === null ? [] : [contentType],
      ]);
    }
  });

  test('has every header and parameter a client may send', async () => {
    const parameters = Object.fromEntries(
      [...operationsOf(await described())].map(([route, { parameters = [] }]) => [
        route,
        parameters.map((parameter) => `${parameter.in} ${parameter.name}`).toSorted(),
      ]),
    );
    expect(parameters).toMatchObject({
      'POST /v1/requests': [
        'header coatcheck-callback-url',
        'header coatcheck-expires-at',
        'header coatcheck-metadata',
        'header coatcheck-min-version',
        'header coatcheck-not-before',
        'header coatcheck-ordering-key',
        'header coatcheck-priority',
        'header coatcheck-request-id',
        'header coatcheck-topic',
        'header content-encoding',
        'header content-language',
        'header idempotency-key',
        'header prefer',
        'header traceparent',
        'header tracestate',
      ],
      'GET /v1/requests': [
        'query code',
        'query cursor',
        'query handlerVersion',
        'query limit',
        'query since',
        'query status',
        'query topic',
        'query until',
        'query webhook',
      ],
      'GET /v1/requests/{id}': ['header if-none-match', 'header prefer', 'path id', 'query source'],
      'GET /v1/requests/{id}/result': ['path id', 'query source'],
      'GET /v1/requests/{id}/payload': ['path id', 'query source'],
      'GET /v1/tenants/{tenant}/requests/{id}/payload': ['path id', 'path tenant', 'query source'],
      'POST /v1/requests/{id}/cancel': ['path id', 'query source'],
      'POST /v1/requests/{id}/webhook': ['path id', 'query source'],
      'POST /v1/uploads/{id}/parts': ['path id'],
    });
  });

  test('is of a server found from its own URL', async () => {
    const [server] = (await described()).servers;
    expect(new URL(server?.url ?? '', 'https://example.com/prod/v1/openapi.json').href).toBe(
      'https://example.com/prod/',
    );
  });

  test.each([
    ['iam', [{ iam: [] }], ['iam']],
    ['jwt', [{ jwt: [] }], ['jwt']],
    ['none', [], []],
  ] as const)('says how callers are let in by %s', async (auth, security, schemes) => {
    const description = await described(auth);
    expect(description.security).toEqual(security);
    expect(Object.keys(description.components.securitySchemes ?? {})).toEqual(schemes);
  });

  test('has integers of 64 bits, unless 32 are enough', () => {
    const { components } = wholeDescription();
    expect(components.schemas).toMatchObject({
      UploadRequest: { properties: { size: { type: 'integer', format: 'int64' } } },
      Ledger: { properties: { accepted: { type: 'integer', format: 'int64' } } },
      ActionInput: { properties: { rate: { type: 'integer', maximum: 1000 } } },
    });
    expect(JSON.stringify(components.schemas.ActionInput)).not.toContain('int64');
  });

  test('names no schema as the constructor of another one in Go', () => {
    const names = Object.keys(wholeDescription().components.schemas);
    expect(names.filter((name) => names.includes(`New${name}`))).toEqual([]);
  });

  test('describes lines as bytes, with the schema of a line', () => {
    const { paths } = wholeDescription();
    const schema = (name: string) => ({
      schema: { type: 'string', format: 'binary', contentSchema: { $ref: `#/components/schemas/${name}` } },
    });
    expect(paths).toMatchObject({
      '/v1/batches/{id}/items': {
        post: { requestBody: { content: { 'application/x-ndjson': schema('ItemLine') } } },
      },
      '/v1/batches/{id}/results': {
        get: { responses: { 200: { content: { 'application/x-ndjson': schema('ManifestLine') } } } },
      },
    });
  });

  test('has schemas that say of themselves what they are', async () => {
    const { schemas } = (await described()).components;
    expect(schemas.Problem?.description).toContain('RFC 9457');
    expect(schemas.Status?.description).toContain('The state of the request');
  });
});
