import { expect, onTestFinished, test } from 'vitest';
import { correctCors } from '../../lib/local/cors.ts';
import { type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

const json = (status: number, body: unknown): Script => {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
};

async function emulatorWith(apis: Script, update: Script = json(200, {})): Promise<ScriptedEndpoint> {
  const endpoint = await new ScriptedEndpoint((call, response) =>
    (call.method === 'GET' ? apis : update)(call, response),
  ).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  return endpoint;
}

test('E13: CORS rules stored under names of CloudFormation are set under those of the API', async () => {
  const { url, calls } = await emulatorWith(
    json(200, {
      items: [
        { apiId: 'a1', corsConfiguration: { AllowOrigins: ['https://app'], MaxAge: 3600 } },
        { apiId: 'a2', corsConfiguration: { allowOrigins: ['https://app'] } },
        { apiId: 'a3' },
      ],
    }),
  );
  await correctCors(url);
  expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v2/apis', 'PATCH /v2/apis/a1']);
  expect(JSON.parse(calls[1]?.body.toString() ?? '')).toEqual({
    corsConfiguration: { allowOrigins: ['https://app'], maxAge: 3600 },
  });
});

test('E13: leaves an AWS without such APIs alone, and reports an error', async () => {
  const other = await emulatorWith((_, response) => response.writeHead(501).end('<none/>'));
  await correctCors(other.url);
  expect(other.calls).toHaveLength(1);

  const items = [{ apiId: 'a1', corsConfiguration: { AllowOrigins: ['*'] } }];
  const { url } = await emulatorWith(json(200, { items }), json(500, {}));
  const failure = `Setting the CORS rules of the API a1 failed: ${url} answered 500`;
  await expect(correctCors(url)).rejects.toThrow(failure);
});
