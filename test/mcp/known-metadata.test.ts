import { expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { actingAgent, call } from '../support/mcp-agent.ts';

const metadata: unknown = JSON.parse('{"__proto__":"x"}');

test.each([
  ['list_requests', { metadata }],
  ['plan_action', { action: 'cancel', filter: { topic: 'a', metadata } }],
  ['plan_action', { action: 'retry', filter: { ids: ['a'] }, payload: { text: 'x', metadata } }],
])('%s refuses metadata named __proto__ before it calls the service', async (tool, given) => {
  const agent = await actingAgent(new CoatcheckClient({ baseUrl: 'http://127.0.0.1:1' }));
  expect(await call(agent, tool, given)).toMatchObject({
    isError: true,
    value: expect.stringContaining(
      'A metadata name must be 1 to 64 lower-case letters, digits and - . _, got "__proto__"',
    ),
  });
});
