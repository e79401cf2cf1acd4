import { expect, test } from 'vitest';
import { EcsTaskProtection } from '../../lib/aws/ecs-task-protection.ts';
import { EcsAgent } from '../support/ecs-agent.ts';

test('asks the agent of the task to protect it for a time, and to end that', async () => {
  await using agent = await EcsAgent.start();
  const protection = EcsTaskProtection.ofThisTask({ ECS_AGENT_URI: agent.uri });
  await protection?.protect(15);
  expect(agent.isProtected).toBe(true);
  await protection?.release();
  expect(agent.isProtected).toBe(false);
  const call = { method: 'PUT', url: '/api/endpoint/task-protection/v1/state' };
  expect(agent.calls).toEqual([
    { ...call, body: { ProtectionEnabled: true, ExpiresInMinutes: 15 } },
    { ...call, body: { ProtectionEnabled: false } },
  ]);
});

test('there is none outside of ECS', () => {
  expect(EcsTaskProtection.ofThisTask({})).toBeUndefined();
});

test.each([
  [
    'a failure, which has the status 200',
    { body: { failure: { Arn: 'arn', Detail: null, Reason: 'DEPLOYMENT_BLOCKED' } } },
    'DEPLOYMENT_BLOCKED',
  ],
  [
    'an error',
    {
      status: 400,
      body: { requestID: '1', error: { Arn: 'arn', Code: 'ThrottlingException', Message: 'Rate exceeded' } },
    },
    'ThrottlingException: Rate exceeded',
  ],
  ['no JSON', { status: 404, body: 'page not found' }, 'the ECS agent answered 404: page not found'],
  [
    'another state than asked for',
    { body: { protection: { ProtectionEnabled: false } } },
    'the ECS agent answered 200: {"protection":{"ProtectionEnabled":false}}',
  ],
])('rejects with the reason when the agent answers with %s', async (_, answer, message) => {
  await using agent = await EcsAgent.start();
  agent.answer = answer;
  await expect(new EcsTaskProtection(agent.uri).protect(15)).rejects.toThrow(new Error(message));
});

test('rejects when there is no agent', async () => {
  await expect(new EcsTaskProtection('http://127.0.0.1:9').release()).rejects.toThrow('fetch failed');
});
