import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import type { BatchFigures } from '../../lib/core/ports/telemetry.ts';
import { PrometheusMetrics } from '../../lib/worker/prometheus-metrics.ts';
import { type Status, StatusServer } from '../../lib/worker/status-server.ts';

const servers: StatusServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

const FIGURES: BatchFigures = {
  counts: { Succeeded: 3, Failed: 1, Retried: 2 },
  values: { Wait: [20, 5_000], ServiceTime: [150], EndToEnd: [200], BatchSize: [2] },
  failures: new Map([['attempts_exhausted', 1]]),
};

async function serve(status: Status = { isReady: true, state: 'ready' }) {
  const metrics = new PrometheusMetrics('reports', () => ({ held: 7, isReady: status.isReady }));
  const server = await StatusServer.listen(0, { status: () => status, metrics });
  servers.push(server);
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { metrics, server, get };
}

test('/health answers as long as the process works', async () => {
  const { get } = await serve({ isReady: false, state: 'unreachable' });
  const response = await get('/health');
  expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
});

test.each([
  [{ isReady: true, state: 'ready' }, 200],
  [{ isReady: false, state: 'draining' }, 503],
  [{ isReady: false, state: 'unreachable' }, 503],
])('/ready of a worker that is %o: %i', async (status, code) => {
  const { get } = await serve(status);
  const response = await get('/ready');
  expect([response.status, await response.text()]).toEqual([code, `${status.state}\n`]);
});

test('/metrics has what the engine counted and the state of the worker, as Prometheus reads it', async () => {
  const { metrics, get } = await serve();
  metrics.emit(FIGURES);
  metrics.emit(FIGURES);
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = (await response.text()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'coatcheck_outcomes_total{status="succeeded",service="reports"} 6',
      'coatcheck_outcomes_total{status="failed",service="reports"} 2',
      'coatcheck_failures_total{code="attempts_exhausted",service="reports"} 2',
      'coatcheck_retries_total{service="reports"} 4',
      'coatcheck_wait_seconds_bucket{le="0.03",service="reports"} 2',
      'coatcheck_wait_seconds_bucket{le="10",service="reports"} 4',
      'coatcheck_wait_seconds_sum{service="reports"} 10.04',
      'coatcheck_messages_held{service="reports"} 7',
      'coatcheck_ready{service="reports"} 1',
    ]),
  );
});

test('other paths and methods are refused', async () => {
  const { get } = await serve();
  expect((await get('/')).status).toBe(404);
  expect((await get('/health', { method: 'POST' })).status).toBe(405);
});

test.each(['//', '/%', 'http://[', '*'])(
  'a request for %s, which is no path, ends nothing',
  async (target) => {
    const { server, get } = await serve();
    const socket = connect(server.port, '127.0.0.1');
    socket.end(`GET ${target} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[04] /);
    expect((await get('/health')).status).toBe(200);
  },
);

test('a port that is in use is named', async () => {
  const { server, metrics } = await serve();
  const second = StatusServer.listen(server.port, {
    status: () => ({ isReady: true, state: 'ready' }),
    metrics,
  });
  await expect(second).rejects.toThrow(ConfigurationError);
  await expect(second).rejects.toThrow(`The status port ${server.port} can't be used: listen EADDRINUSE`);
  await expect(second).rejects.toThrow('Choose another with COATCHECK_STATUS_PORT');
});
