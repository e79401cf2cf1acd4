import { connect, readText, TimeLimit } from './connection.ts';
import { TransferRefused } from './errors.ts';
import { callName } from './url.ts';

/** A call to the store, with a presigned URL or form of the API, so without credentials. */
export interface Transfer {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string | URL;
  readonly body?: Blob;
  readonly signal?: AbortSignal;
}

/** The store answers once it has received the body. The timeout allows for a body sent at this rate. */
const SLOWEST_BYTES_PER_SECOND = 16_384;

/** Timeout in addition to sending the body. */
const ANSWER_TIMEOUT_MILLISECONDS = 60_000;

/** Calls the store once, without reading the response's body. @throws TransferRefused, ConnectionFailed */
export async function transfer(
  fetch: typeof globalThis.fetch,
  { method, url, body, signal }: Transfer,
): Promise<Response> {
  const name = callName(method, new URL(url));
  const sendMilliseconds = ((body?.size ?? 0) / SLOWEST_BYTES_PER_SECOND) * 1000;
  const limit = new TimeLimit(ANSWER_TIMEOUT_MILLISECONDS + sendMilliseconds, signal);
  try {
    const response = await connect(name, () => fetch(url, { method, body, signal: limit.signal }));
    if (!response.ok) throw await readTransferError(response, name);
    return response;
  } finally {
    limit.end();
  }
}

/** Reads an error response of the store. @throws ConnectionFailed if the response breaks off */
export async function readTransferError(response: Response, call: string): Promise<TransferRefused> {
  const text = await readText(response, call);
  return new TransferRefused(call, response.status, /<Code>([^<]*)<\/Code>/.exec(text)?.[1]);
}
