import { fileURLToPath } from 'node:url';
import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { onTestFinished } from 'vitest';
import type { CoatcheckClient } from '../../lib/client/index.ts';
import { createMcpServer } from '../../lib/mcp/server.ts';

/** The command line. */
export const COATCHECK = fileURLToPath(new URL('../../bin/coatcheck.ts', import.meta.url));

/** An agent that started `coatcheck mcp` for a service. */
export async function agentOf(url: string, ...options: readonly string[]): Promise<Client> {
  const agent = new Client({ name: 'tests', version: '1' });
  await agent.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [COATCHECK, 'mcp', '--api', url, ...options],
      stderr: 'ignore',
    }),
  );
  onTestFinished(() => agent.close());
  return agent;
}

/** An agent that acts by a server in this process, whose time can be set. */
export async function actingAgent(client: CoatcheckClient, now: () => number = Date.now): Promise<Client> {
  const agent = new Client({ name: 'tests', version: '1' });
  const [agentSide, serverSide] = InMemoryTransport.createLinkedPair();
  const server = createMcpServer({ client, version: '1', allowsActions: true, now });
  await server.connect(serverSide);
  await agent.connect(agentSide);
  onTestFinished(() => agent.close());
  return agent;
}

/** Calls a tool. @returns its JSON, or the text of an answer that isn't JSON */
export async function call(agent: Client, name: string, args: Record<string, unknown> = {}) {
  const { content, isError } = await agent.callTool({ name, arguments: args });
  const [first] = content;
  if (first?.type !== 'text') throw new Error(`${name} answered without a text`);
  return {
    isError: isError === true,
    value: first.text.startsWith('{') ? JSON.parse(first.text) : first.text,
  };
}
