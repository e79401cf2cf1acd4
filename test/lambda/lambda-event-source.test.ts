import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LambdaEventSource } from '../../lib/lambda/lambda-event-source.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let source: LambdaEventSource;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(202, { State: 'Disabling' })).start();
  source = new LambdaEventSource(new LambdaClient(clientConfig(endpoint.url)), 'the-uuid');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

test.each([
  ['Enabled', true],
  ['Enabling', true],
  ['Disabled', false],
  ['Disabling', false],
  ['Updating', false],
  ['Creating', false],
])('a source that is %s is enabled: %s', async (State, enabled) => {
  endpoint.script = jsonAnswer(200, { State });
  expect(await source.isEnabled()).toBe(enabled);
  expect(endpoint.calls).toMatchObject([
    { method: 'GET', url: '/2015-03-31/event-source-mappings/the-uuid' },
  ]);
});

test.each([
  ['enable', true],
  ['disable', false],
] as const)('%s sets nothing else', async (action, Enabled) => {
  await source[action]();
  expect(endpoint.calls).toMatchObject([
    { method: 'PUT', url: '/2015-03-31/event-source-mappings/the-uuid' },
  ]);
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({ Enabled });
});

test('a source that is just being changed refuses', async () => {
  endpoint.script = (_, response) =>
    response.writeHead(400, { 'x-amzn-errortype': 'ResourceInUseException' }).end('{"Message":"in use"}');
  await expect(source.enable()).rejects.toMatchObject({ name: 'ResourceInUseException' });
});

test('C1: what paused it is noted on it by tags, and forgotten', async () => {
  const EventSourceMappingArn = 'arn:aws:lambda:us-east-1:123456789012:event-source-mapping:the-uuid';
  const path = `/2017-03-31/tags/${encodeURIComponent(EventSourceMappingArn)}`;
  endpoint.script = ({ method, url }, response) => {
    const Tags = { 'coatcheck:pause:p-1': '2000', 'coatcheck:operator-pause:1000': 'yes', team: 'reports' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(url.startsWith('/2015') ? { EventSourceMappingArn } : method === 'GET' ? { Tags } : {}),
    );
  };
  await source.addPause('p-1', 2_000);
  await source.addOperatorPause(1_000);
  expect(await source.reasons()).toEqual({
    pauses: new Map([['p-1', 2_000]]),
    operatorPauses: new Set([1_000]),
  });
  await source.removePause('p-1');
  await source.removeOperatorPause(1_000);
  expect(endpoint.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /2015-03-31/event-source-mappings/the-uuid',
    `POST ${path}`,
    `POST ${path}`,
    `GET ${path}`,
    `DELETE ${path}?tagKeys=coatcheck%3Apause%3Ap-1`,
    `DELETE ${path}?tagKeys=coatcheck%3Aoperator-pause%3A1000`,
  ]);
  expect(endpoint.calls.slice(1, 3).map(({ body }) => JSON.parse(String(body)))).toEqual([
    { Tags: { 'coatcheck:pause:p-1': '2000' } },
    { Tags: { 'coatcheck:operator-pause:1000': 'yes' } },
  ]);
});

test('C1: a pause of an earlier version, which lasts while its service is updated, is found and forgotten', async () => {
  const EventSourceMappingArn = 'arn:aws:lambda:us-east-1:123456789012:event-source-mapping:the-uuid';
  endpoint.script = ({ method, url }, response) => {
    const Tags = { 'coatcheck:pause': 'p-0', 'coatcheck:pause:p-1': '2000' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(url.startsWith('/2015') ? { EventSourceMappingArn } : method === 'GET' ? { Tags } : {}),
    );
  };
  const { pauses } = await source.reasons();
  expect([...pauses.keys()]).toEqual(['p-0', 'p-1']);
  await source.removePause('p-0');
  await source.removePause('p-1');
  const removed = endpoint.calls.filter(({ method }) => method === 'DELETE');
  expect(removed.map(({ url }) => new URL(url, 'http://aws').searchParams.get('tagKeys'))).toEqual([
    'coatcheck:pause',
    'coatcheck:pause:p-1',
  ]);
});
