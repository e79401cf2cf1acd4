import { stripVTControlCharacters } from 'node:util';
import { CoatcheckClient } from 'coatcheck/client';
import { expect, test } from 'vitest';
import { cliService } from '../../support/cli-service.ts';
import { coatcheck, coatcheckOnTerminal } from '../../support/coatcheck.ts';
import { eventually } from '../../support/eventually.ts';
import { openServedService } from '../../support/served-service.ts';

/** A service with four requests of six seconds each: one in an early bucket, and three in the last. */
async function setUp() {
  const opened = await openServedService(() => opened.clock.advanceSeconds(6));
  const { clock, service, url } = opened;
  const client = new CoatcheckClient({ baseUrl: url });
  /** An attempt is measured after its outcome is there. */
  const ended = async (measured: number) => {
    await service.wait((await service.submit('one')).id);
    await eventually(async () => {
      expect((await client.serviceStatus()).work).toMatchObject({ attempts: measured, completed: measured });
    });
  };
  await ended(1);
  clock.advanceSeconds(3_000);
  for (const measured of [1, 2, 3]) await ended(measured);
  return ['plan', '--from-service', '--api', url, '--payload', '30KB'];
}

test('the peak, the time and the attempts are those of the service', async () => {
  const { exitCode, stdout, stderr } = await coatcheck([...(await setUp()), '--json']);
  expect([exitCode, stderr]).toEqual([0, '']);
  const plan = JSON.parse(stdout);
  expect(plan).toMatchObject({
    workload: { ratePerSecond: 0.01, serviceSeconds: 6, attempts: 1, payloadBytes: 30_000, memoryMiB: 512 },
    arrivals: { submitted: 4, peakPerSecond: 0.01, peakAt: '2026-01-31T12:50:00.000Z', peakSeconds: 300 },
    steady: { requestsAtOnce: expect.closeTo(0.06, 9) },
  });
  // Four requests in a day less the rest of the last bucket.
  const { seconds } = plan.arrivals;
  expect(seconds).toBeGreaterThan(86_100);
  const millions = ((4 / seconds) * 30 * 86_400) / 1_000_000;
  expect(plan.dollarsAMonth.s3).toBeCloseTo(millions * plan.dollarsAMillion.s3.total, 9);
});

test('options that are given win', async () => {
  const given = ['--rate', '10/s', '--service-time', '2s', '--attempts', '1.5', '--memory', '1024'];
  const { stdout } = await coatcheck([...(await setUp()), ...given, '--json']);
  const plan = JSON.parse(stdout);
  expect(plan.workload).toMatchObject({
    ratePerSecond: 10,
    serviceSeconds: 2,
    attempts: 1.5,
    memoryMiB: 1_024,
  });
  // 10/s × 1.5 attempts × 2 s
  expect(plan.steady.requestsAtOnce).toBeCloseTo(30, 9);
  expect(plan).not.toHaveProperty('arrivals');
  expect(plan).not.toHaveProperty('dollarsAMonth');
});

test('a terminal gets the arrivals, and what a month costs', async () => {
  const { stdout } = await coatcheckOnTerminal([...(await setUp()), '--attempts', '2'], { columns: 120 });
  const text = stripVTControlCharacters(stdout);
  expect(text).toMatch(/^Arrivals of the last 2[34](?:\.\d)? h$/m);
  expect(text).toMatch(
    /^ {2}peak +36\/h {2}for 5 min from 2026-01-31T12:50:00\.000Z: the rate of this plan$/m,
  );
  expect(text).toMatch(/^ {2}mean +4\.\d+\/d {2}4 requests$/m);
  expect(text).toContain("0.01/s × 6 s × 2 attempts (Little's law)");
  expect(text).toMatch(/^ {2}A month at the mean rate: \$\d+\.\d\d by S3, \$\d+\.\d\d inline\.$/m);
});

test.each([
  [[], "'--rate <rate>' not specified: no request was submitted in the last hours"],
  [['--rate', '1/s'], "'--service-time <time>' not specified: no attempt ended in the last minute"],
  [
    ['--rate', '1/s', '--service-time', '1s'],
    "'--attempts <n>' not specified: no attempt ended in the last minute",
  ],
  [
    ['--rate', '1/s', '--service-time', '1s', '--attempts', '1'],
    "'--payload <size>' not specified: a service measures no sizes of payloads",
  ],
])('what a new service does not know has to be given: %j', async (given, problem) => {
  const { url } = await openServedService(undefined);
  expect(await coatcheck(['plan', '--from-service', '--api', url, ...given])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `error: required option ${problem}\n`,
  });
});

test('a service without activity says so', async () => {
  const { url } = await cliService();
  const { exitCode, stderr } = await coatcheck(['plan', '--from-service', '--api', url]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("'--rate <rate>' not specified: the service shows no counts of requests");
});

test('a service that is named without being asked is an error', async () => {
  const line = ['plan', '--rate', '1/s', '--service-time', '1s', '--payload', '1KB'];
  expect(await coatcheck([...line, '--api', 'http://127.0.0.1:1'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: "error: option '--api' needs --from-service, which asks that service\n",
  });
});
