import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';

/** The part of an OpenAPI document that the tests read. */
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly schema: Schema }[];
  readonly responses: Readonly<Record<string, OperationResponse>>;
}

interface OperationResponse {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
  readonly links?: Readonly<Record<string, { readonly operationId: string }>>;
}

interface Schema {
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly maximum?: number;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema;
}

let api: ApiHarness;
let description: Description;
beforeAll(async () => {
  api = new ApiHarness();
  description = (await (await api.call('GET', '/v1/openapi.json')).json()) as Description;
});

/** Example texts for a described pattern. */
function textsOf(
  { pattern, maxLength: longest }: Schema = {},
  maxLength = longest ?? 300,
): fc.Arbitrary<string> {
  if (pattern === undefined) throw new Error('no pattern is described');
  const texts = fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' });
  return texts.filter((text) => text.length <= maxLength);
}

function headerOf(name: string): Schema | undefined {
  const { parameters = [] } = description.paths['/v1/requests']?.post ?? {};
  return parameters.find((parameter) => parameter.name === name)?.schema;
}

function memberOf(name: string): Schema | undefined {
  return description.components.schemas.UploadRequest?.properties?.[name];
}

async function openUpload(order: object): Promise<number> {
  const json = { size: 1, contentType: 'text/csv', ...order };
  return (await api.call('POST', '/v1/uploads', { json })).status;
}

describe('the API accepts what its description allows:', () => {
  test('idempotency keys', async () => {
    const takes = async (key: string) => {
      const response = await api.call('POST', '/v1/requests', {
        body: 'x',
        headers: { 'Idempotency-Key': key },
      });
      expect(response.status).toBe(202);
    };
    await fc.assert(fc.asyncProperty(textsOf(headerOf('idempotency-key')), takes));
  });

  test('content types of uploads', async () => {
    const takes = async (contentType: string) => void expect(await openUpload({ contentType })).toBe(201);
    await fc.assert(fc.asyncProperty(textsOf(memberOf('contentType')), takes));
  });

  test('metadata of uploads', async () => {
    const { propertyNames, additionalProperties } = memberOf('metadata') ?? {};
    const values = textsOf(additionalProperties, 100);
    const takes = async (metadata: object) => void expect(await openUpload({ metadata })).toBe(201);
    await fc.assert(fc.asyncProperty(fc.dictionary(textsOf(propertyNames), values, { maxKeys: 5 }), takes));
  });

  test('sizes, with a few exceptions', async () => {
    const { maximum = 0 } = memberOf('size') ?? {};
    expect(await openUpload({ size: maximum })).toBe(413);
    expect(await openUpload({ size: maximum + 1 })).toBe(400);
  });
});

test('D8: the API accepts every example', async () => {
  const api = new ApiHarness(undefined, { callbacks: 'public', handlerVersion: '1.4.2' });
  const { parameters = [] } = description.paths['/v1/requests']?.post ?? {};
  const examples = parameters.flatMap(({ name, schema: { example } }) => (example ? [[name, example]] : []));
  expect(examples.map(([name]) => name)).toEqual([
    'coatcheck-request-id',
    'coatcheck-not-before',
    'coatcheck-expires-at',
    'coatcheck-min-version',
    'coatcheck-topic',
    'coatcheck-callback-url',
    'content-encoding',
    'content-language',
    'coatcheck-metadata',
  ]);
  const submitted = await api.call('POST', '/v1/requests', {
    body: 'hello',
    headers: Object.fromEntries(examples),
  });
  expect(submitted.status).toBe(202);

  const members = Object.entries(description.components.schemas.UploadRequest?.properties ?? {});
  const json = Object.fromEntries(
    members.flatMap(([name, { example }]) => (example ? [[name, example]] : [])),
  );
  expect(Object.keys(json)).toEqual([
    'size',
    'contentEncoding',
    'contentLanguage',
    'notBefore',
    'expiresAt',
    'minVersion',
    'topic',
    'callbackUrl',
  ]);
  expect((await api.call('POST', '/v1/uploads', { json })).status).toBe(201);
});

test('a result may be anything, since it may be JSON', () => {
  const { responses } = description.paths['/v1/requests/{id}/result']?.get ?? {};
  expect(responses?.[200]?.content).toMatchObject({ '*/*': { schema: {} } });
});

test('links refer to existing operations', () => {
  const operations = Object.values(description.paths).flatMap((path) => Object.values(path));
  const responses = operations.flatMap((operation) => Object.values(operation.responses));
  const linked = responses.flatMap(({ links = {} }) => Object.values(links));
  expect(linked).toHaveLength(3);
  for (const { operationId } of linked) {
    expect(operations.map((operation) => operation.operationId)).toContain(operationId);
  }
});
