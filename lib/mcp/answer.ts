import type { CallToolResult } from '@modelcontextprotocol/server';
import { ApiError, ConnectionFailed } from '../client/index.ts';
import { ChangeRefused } from './change-refused.ts';

/** Answers a call with a value, or with why it was refused, so that the agent can correct the call. */
export async function answer(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    return textOf(await work());
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { code, message } = error;
    return { ...textOf({ code, message }), isError: true };
  }
}

function isRefusal(error: unknown): error is ApiError | ConnectionFailed | ChangeRefused {
  return error instanceof ApiError || error instanceof ConnectionFailed || error instanceof ChangeRefused;
}

/** JSON, in which a text can't pass for anything but a member's value. */
function textOf(value: object): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value, undefined, 2) }] };
}
