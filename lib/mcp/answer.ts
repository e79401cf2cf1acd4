import type { CallToolResult } from '@modelcontextprotocol/server';
import { ApiError, ConnectionFailed } from '../client/index.ts';

/** Answers a call with a value, or with why the API refused it, so that the agent can correct the call. */
export async function answer(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    return textOf(await work());
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof ConnectionFailed)) throw error;
    const { code, message } = error;
    return { ...textOf({ code, message }), isError: true };
  }
}

/** JSON, in which a text can't pass for anything but a member's value. */
function textOf(value: object): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value, undefined, 2) }] };
}
