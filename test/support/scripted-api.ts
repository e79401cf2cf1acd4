import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { type ClientOptions, CoatcheckClient } from '../../lib/client/client.ts';
import type { Timing } from '../../lib/client/retry.ts';
import { type ReceivedCall, type Script, ScriptedEndpoint } from './scripted-endpoint.ts';
import { TestClock } from './test-clock.ts';

/** A clock that advances when something sleeps, so that no test waits. */
export class FastTiming extends TestClock implements Timing {
  /** What {@link random} returns. */
  randomValue = 0.5;
  /** Milliseconds of each sleep. */
  readonly sleeps: number[] = [];

  random = (): number => this.randomValue;

  sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    this.sleeps.push(milliseconds);
    this.time += milliseconds;
  };
}

/** A client of an API that answers each call with the next script; further calls get a 599. */
export async function openScriptedApi(scripts: readonly Script[], options: Partial<ClientOptions> = {}) {
  const left = [...scripts];
  const endpoint = await new ScriptedEndpoint((call, response) =>
    (left.shift() ?? answer(599, {}))(call, response),
  ).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  const timing = new FastTiming();
  const client = new CoatcheckClient({ baseUrl: endpoint.url, timing, ...options });
  return { endpoint, client, timing, calls: endpoint.calls };
}

/** A request as the API returns it. */
export function requestJson(members: Readonly<Record<string, unknown>> = {}) {
  const id = members.id ?? 'r-1';
  const path = `/v1/requests/${id}`;
  return {
    id,
    status: 'queued',
    createdAt: '2026-01-31T12:00:00.000Z',
    updatedAt: '2026-01-31T12:00:00.000Z',
    attempts: 0,
    links: { self: path, result: `${path}/result`, cancel: `${path}/cancel` },
    ...members,
  };
}

/** An answer with a JSON body. */
export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A problem as the API returns it. */
export function problem(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
  facts: Readonly<Record<string, unknown>> = {},
): Script {
  const body = {
    type: `urn:coatcheck:problem:${code}`,
    title: code,
    status,
    detail: `${code}, it says`,
    code,
  };
  return answer(status, { ...body, ...facts }, { 'content-type': 'application/problem+json', ...headers });
}

/** Closes the connection before the first byte of the answer. */
export const reset: Script = (_, response) => breakOff(response);

/** Closes the connection in the middle of the answer's body. */
export function truncated(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-length': String(body.length), ...headers });
    response.write(body.slice(0, body.length / 2), () => breakOff(response));
  };
}

/** Never answers. */
export const silent: Script = () => {};

/** A short description of a call. */
export function summaryOf({ method, url }: ReceivedCall): string {
  return `${method} ${url}`;
}

function breakOff(response: ServerResponse): void {
  response.socket?.destroy();
}
