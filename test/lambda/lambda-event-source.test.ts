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

test('C1: a pause is noted on it by a tag, and forgotten', async () => {
  const EventSourceMappingArn = 'arn:aws:lambda:us-east-1:123456789012:event-source-mapping:the-uuid';
  const path = `/2017-03-31/tags/${encodeURIComponent(EventSourceMappingArn)}`;
  endpoint.script = ({ method, url }, response) => {
    const tags = { Tags: { 'coatcheck:pause': 'p-1', team: 'reports' } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(url.startsWith('/2015') ? { EventSourceMappingArn } : method === 'GET' ? tags : {}),
    );
  };
  await source.notePause('p-1');
  expect(await source.pauseId()).toBe('p-1');
  await source.notePause(undefined);
  expect(endpoint.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /2015-03-31/event-source-mappings/the-uuid',
    `POST ${path}`,
    `GET ${path}`,
    `DELETE ${path}?tagKeys=coatcheck%3Apause`,
  ]);
  expect(JSON.parse(String(endpoint.calls[1]?.body))).toEqual({ Tags: { 'coatcheck:pause': 'p-1' } });
});
