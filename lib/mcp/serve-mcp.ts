import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { CoatcheckError } from '../client/index.ts';
import { createMcpServer, type McpServerOptions } from './server.ts';

/** The connection can't go on, although the agent hasn't ended it. */
class AgentDisconnected extends CoatcheckError {
  override readonly name = 'AgentDisconnected';
  readonly code = 'agent_disconnected';

  constructor(cause: Error | undefined) {
    super(`The connection to the agent failed: ${cause?.message ?? 'it was closed'}`, { cause });
  }
}

/**
 * Serves the protocol on standard input and output, until the input ends or the signal is aborted.
 * @throws AgentDisconnected after a message of more than 10 MiB, or if the output is closed
 */
export async function serveMcp(options: McpServerOptions, signal: AbortSignal): Promise<void> {
  const { stdin } = process;
  const transport = new StdioServerTransport();
  let lastError: Error | undefined;
  const onerror = (error: Error) => {
    lastError = error;
  };
  const handle = serveStdio(() => createMcpServer(options), { transport, onerror });
  const closed = Promise.withResolvers<void>();
  const { onclose } = transport;
  transport.onclose = () => {
    onclose?.();
    closed.resolve();
  };
  const close = () => void handle.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  await closed.promise;
  signal.removeEventListener('abort', close);
  await handle.close();
  if (!(signal.aborted || stdin.readableEnded || stdin.destroyed)) throw new AgentDisconnected(lastError);
}
