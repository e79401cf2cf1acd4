import { expect, test } from 'vitest';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { eventClient } from '../../lib/aws/eventbridge-client.ts';
import { payloadClient, transferClient } from '../../lib/aws/s3-clients.ts';

/** What a client's calls are made with: the handler resolves its options when it is first used. */
async function handlerOf({ config }: { readonly config: { readonly requestHandler: unknown } }) {
  const handler = config.requestHandler;
  const options: unknown = await Object(handler).configProvider;
  const { requestTimeout, connectionTimeout, throwOnRequestTimeout, httpsAgent } = Object(options);
  return { requestTimeout, connectionTimeout, throwOnRequestTimeout, maxSockets: httpsAgent.maxSockets };
}

test('F: calls to queues, tables and buses are given up in time, and hold as many sockets as they need', async () => {
  const small = { requestTimeout: 5_000, connectionTimeout: 2_000, throwOnRequestTimeout: true };
  expect(await handlerOf(queueClient())).toMatchObject(small);
  expect(await handlerOf(recordClient())).toEqual({ ...small, maxSockets: 100 });
  expect(await handlerOf(eventClient())).toMatchObject({ ...small, requestTimeout: 2_000 });
});

test('F: a payload may take its time, but not its connection, and each has a socket', async () => {
  const payloads = await handlerOf(payloadClient(10));
  expect(payloads).toMatchObject({ connectionTimeout: 2_000, maxSockets: 60 });
  expect(payloads.throwOnRequestTimeout).toBeFalsy();
  expect(await handlerOf(transferClient())).toMatchObject({ connectionTimeout: 2_000 });
});
