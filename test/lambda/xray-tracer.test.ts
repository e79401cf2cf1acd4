import { Socket } from 'node:dgram';
import { expect, test, vi } from 'vitest';
import type { TracedAttempt } from '../../lib/core/ports/telemetry.ts';
import { XRayTracer } from '../../lib/lambda/xray-tracer.ts';
import { XRayDaemon } from '../support/xray-daemon.ts';

const INVOCATION = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8';
const ID = expect.stringMatching(/^[0-9a-f]{16}$/);
const ATTEMPT: TracedAttempt = {
  requestId: 'order-17',
  tenant: 'acme',
  attempt: 2,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  startedAt: 1_769_860_800_250,
  endedAt: 1_769_860_801_000,
  ended: 'succeeded',
};

/** What a daemon gets of these attempts, in an invocation that is recorded. */
async function documentsOf(...attempts: readonly TracedAttempt[]) {
  using daemon = await new XRayDaemon().start();
  const tracer = new XRayTracer({
    _X_AMZN_TRACE_ID: `${INVOCATION};Sampled=1`,
    AWS_XRAY_DAEMON_ADDRESS: daemon.address,
  });
  for (const attempt of attempts) tracer.add(attempt);
  await tracer.flush();
  return await daemon.documents(attempts.length);
}

test('an attempt is a subsegment of the invocation, linked to the trace its request belongs to', async () => {
  expect(await documentsOf(ATTEMPT)).toEqual([
    {
      type: 'subsegment',
      name: 'attempt',
      id: ID,
      trace_id: '1-5759e988-bd862e3fe1be46a994272793',
      parent_id: '53995c3f42cd8ad8',
      start_time: 1_769_860_800.25,
      end_time: 1_769_860_801,
      annotations: { request_id: 'order-17', tenant: 'acme', outcome: 'succeeded' },
      metadata: { coatcheck: { attempt: 2, traceparent: ATTEMPT.traceparent } },
      links: [{ trace_id: '1-0af76519-16cd43dd8448eb211c80319c', id: 'b7ad6b7169203331' }],
    },
  ]);
});

test('each has an id of its own; without a trace there is no link', async () => {
  const untraced = { ...ATTEMPT, tenant: undefined, traceparent: undefined };
  const documents = await documentsOf(untraced, untraced);
  expect(new Set(documents.map(({ id }) => id)).size).toBe(2);
  for (const document of documents) {
    expect(document).not.toHaveProperty('links');
    expect(document.annotations).toEqual({ request_id: 'order-17', outcome: 'succeeded' });
  }
});

test('what failed is an error, what is tried again a fault, each with its cause', async () => {
  const error = { type: 'csv_invalid', message: 'x'.repeat(100_000) };
  const documents = await documentsOf({ ...ATTEMPT, ended: 'failed', error });
  documents.push(...(await documentsOf({ ...ATTEMPT, ended: 'retried', error })));
  const cause = { exceptions: [{ id: ID, type: 'csv_invalid', message: 'x'.repeat(1_000) }] };
  expect(documents.map(({ error, fault, cause }) => ({ error, fault, cause }))).toEqual([
    { error: true, fault: undefined, cause },
    { error: undefined, fault: true, cause },
  ]);
});

test('without a socket to spare nothing is told, nothing breaks, and nobody is kept waiting', async () => {
  using daemon = await new XRayDaemon().start();
  const tracer = new XRayTracer({
    _X_AMZN_TRACE_ID: `${INVOCATION};Sampled=1`,
    AWS_XRAY_DAEMON_ADDRESS: daemon.address,
  });
  const tooMany = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  vi.spyOn(Socket.prototype, 'bind').mockImplementationOnce(function (this: Socket) {
    process.nextTick(() => this.emit('error', tooMany));
    return this;
  });
  tracer.add({ ...ATTEMPT, requestId: 'lost' });
  await tracer.flush();
  tracer.add({ ...ATTEMPT, requestId: 'later' });
  await tracer.flush();
  expect((await daemon.documents(1)).map(({ annotations }) => annotations.request_id)).toEqual(['later']);
});

test('only what is recorded is told', async () => {
  using daemon = await new XRayDaemon().start();
  const variables = { _X_AMZN_TRACE_ID: `${INVOCATION};Sampled=0`, AWS_XRAY_DAEMON_ADDRESS: daemon.address };
  const tracer = new XRayTracer(variables);
  tracer.add({ ...ATTEMPT, requestId: 'not sampled' });
  Object.assign(variables, { _X_AMZN_TRACE_ID: undefined });
  tracer.add({ ...ATTEMPT, requestId: 'no trace' });
  Object.assign(variables, { _X_AMZN_TRACE_ID: `${INVOCATION};Sampled=1` });
  tracer.add({ ...ATTEMPT, requestId: 'sampled' });
  await tracer.flush();
  expect((await daemon.documents(1)).map(({ annotations }) => annotations.request_id)).toEqual(['sampled']);
});

test.each([undefined, '', 'nowhere', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:x'])(
  'without a daemon, at %j, nothing is told and nothing breaks',
  async (AWS_XRAY_DAEMON_ADDRESS) => {
    const tracer = new XRayTracer({ _X_AMZN_TRACE_ID: `${INVOCATION};Sampled=1`, AWS_XRAY_DAEMON_ADDRESS });
    tracer.add(ATTEMPT);
    await expect(tracer.flush()).resolves.toBeUndefined();
  },
);
