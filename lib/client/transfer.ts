import { connected, TimeLimit, textOf } from './connection.ts';
import { TransferRefused } from './errors.ts';
import { callName } from './url.ts';

/** A call to the store, by a URL or a form the API gave out: it needs no credentials, and gets none. */
export interface Transfer {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string | URL;
  readonly body?: Blob | FormData;
  /** Bytes of the body. */
  readonly size?: number;
  readonly signal?: AbortSignal;
}

/** A transfer isn't answered before its body was sent: that may take as long as it does at this rate. */
const SLOWEST_BYTES_PER_SECOND = 16_384;

/** What an answer may take besides. */
const ANSWER_TIMEOUT_MILLISECONDS = 60_000;

/** Calls the store once, and leaves the answer's body to the caller. @throws TransferRefused, ConnectionFailed */
export async function transfer(
  fetch: typeof globalThis.fetch,
  { method, url, body, size = 0, signal }: Transfer,
): Promise<Response> {
  const name = callName(method, new URL(url));
  const limit = new TimeLimit(ANSWER_TIMEOUT_MILLISECONDS + (size / SLOWEST_BYTES_PER_SECOND) * 1000, signal);
  try {
    const response = await connected(name, () => fetch(url, { method, body, signal: limit.signal }));
    if (!response.ok) throw await refusalOf(response, name);
    return response;
  } finally {
    limit.end();
  }
}

/** What an answer of the store that isn't a success means. @throws ConnectionFailed when it breaks off */
export async function refusalOf(response: Response, call: string): Promise<TransferRefused> {
  const text = await textOf(response, call);
  return new TransferRefused(call, response.status, /<Code>([^<]*)<\/Code>/.exec(text)?.[1]);
}
