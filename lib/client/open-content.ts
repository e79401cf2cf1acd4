import { parseRetryAfter } from '../core/base/retry-after.ts';
import { readRequest } from './answers.ts';
import type { Api, Call } from './api.ts';
import { readText } from './connection.ts';
import { RequestContent } from './content.ts';
import { AnswerInvalid, RequestPending } from './errors.ts';
import type { RequestOptions } from './status.ts';
import { transfer } from './transfer.ts';
import { callName } from './url.ts';

/**
 * Opens a result or a payload. @param path of the call that answers with it
 * @throws RequestPending, RequestNotSucceeded, ResultGone, PayloadGone, PayloadUnavailable, ApiError, TransferRefused,
 * ConnectionFailed
 */
export async function openContent(
  api: Api,
  path: string,
  { source, signal }: Pick<RequestOptions, 'source' | 'signal'>,
): Promise<RequestContent> {
  const call: Call = { method: 'GET', path, query: { source }, signal };
  const open = () => api.retrier.run(() => openOnce(api, call), signal);
  return new RequestContent(await open(), open, api, signal);
}

/**
 * The API answers with the content, or with its location in the store. It is fetched from there without the API's
 * credentials, because the store rejects a call with two of them.
 */
async function openOnce(api: Api, call: Call): Promise<Response> {
  const response = await api.open(call);
  if (response.status === 202) {
    const name = callName('GET', api.urlOf(call));
    const text = await readText(response, name);
    const request = readRequest({ call: name, text, headers: response.headers });
    throw new RequestPending(request, parseRetryAfter(response.headers.get('retry-after'), api.timing.now()));
  }
  return fromStore(api, call, response);
}

/**
 * What a call is answered with, or what is where the answer redirects to.
 * @throws AnswerInvalid, TransferRefused, ConnectionFailed
 */
export async function fromStore(api: Api, call: Call, response: Response): Promise<Response> {
  if (response.status < 300) return response;
  await response.body?.cancel();
  const url = api.urlOf(call);
  const location = response.headers.get('location');
  if (!location)
    throw new AnswerInvalid(callName('GET', url), 'a content', `HTTP ${response.status} without Location`);
  return transfer(api.fetch, { method: 'GET', url: new URL(location, url), signal: call.signal });
}
