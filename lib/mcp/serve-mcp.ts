import { once } from 'node:events';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createMcpServer, type McpServerOptions } from './server.ts';

/** Serves the protocol on standard input and output, until the input ends or the signal is aborted. */
export async function serveMcp(options: McpServerOptions, signal: AbortSignal): Promise<void> {
  const handle = serveStdio(() => createMcpServer(options));
  try {
    await once(process.stdin, 'end', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await handle.close();
  }
}
