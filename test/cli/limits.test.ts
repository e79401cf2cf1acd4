import { expect, test } from 'vitest';
import { cliService } from '../support/cli-service.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIMITS = [
  { key: 'tenant', concurrency: 5, maxWaiting: 100 },
  { key: 'metadata.model', rate: '100/min', weight: 'metadata.tokens' },
  { key: 'all' },
] as const;

async function setUp() {
  const { api, url } = await cliService(undefined, { limits: LIMITS });
  const cwd = await temporaryFolder();
  const limits = (...line: readonly string[]) => coatcheck(['limits', ...line, '--api', url], { cwd });
  return { api, limits };
}

test('limits are listed, shown, set and reset', async () => {
  const { limits } = await setUp();
  expect((await limits('list')).stdout).toBe(
    'tenant\t5\t\t100\t\nmetadata.model\t\t100/min\t\tmetadata.tokens\nall\t\t\t\t\n',
  );
  const until = '2126-01-31T12:00:00.000Z';
  const allowance = ['--concurrency', '20', '--max-waiting', '1k', '--rate', '9/s'];
  const set = await limits('set', 'tenant', 'acme', ...allowance, '--pause-until', until, '--json');
  expect(JSON.parse(set.stdout)).toEqual({
    key: 'tenant',
    value: 'acme',
    concurrency: 20,
    running: 0,
    rate: '9/s',
    maxWaiting: 1_000,
    waiting: 0,
    changed: { concurrency: 20, rate: '9/s', maxWaiting: 1_000 },
    pausedUntil: until,
  });
  const shown = 'tenant\tacme\t0\t20\t9/s\t0\t1000\t';
  const changed = 'concurrency rate maxWaiting\n';
  expect((await limits('show', 'tenant', 'acme')).stdout).toBe(`${shown}${until}\t${changed}`);
  expect((await limits('set', 'tenant', 'acme', '--resume')).stdout).toBe(`${shown}\t${changed}`);
  expect((await limits('reset', 'tenant', 'acme')).stdout).toBe('tenant\tacme\t0\t5\t\t0\t100\t\t\n');
});

test('a pause may be given by its length', async () => {
  const { api, limits } = await setUp();
  await limits('set', 'all', '--pause', '2h');
  const { pausedUntil = 0 } = (await api.limitStore.read('all='))?.state ?? {};
  expect(pausedUntil).toBeGreaterThan(Date.now() + 7_000_000);
});

test('what can not be set is refused', async () => {
  const { limits } = await setUp();
  const refused = [
    [['set', 'tenant', 'acme'], 2, 'nothing to set: give --concurrency, --rate, --max-waiting, --pause'],
    [['set', 'tenant', 'acme', '--rate', '5/d'], 2, 'It must be a whole number, then /s, /min or /h'],
    [['set', 'tenant', 'acme', '--resume', '--pause', '5min'], 2, "option '--resume' cannot be used with"],
    [['show', 'topic', 'images'], 1, 'The service has limits of tenant, metadata.model, all, got "topic"'],
  ] as const;
  const ended = await Promise.all(refused.map(([line]) => limits(...line)));
  expect(ended.map(({ exitCode }) => exitCode)).toEqual(refused.map(([, code]) => code));
  for (const [index, [, , problem]] of refused.entries()) expect(ended[index]?.stderr).toContain(problem);
});

test('submit says which key is full, how many wait and how many may', async () => {
  const { api, url } = await cliService();
  api.admission.decision = {
    admitted: false,
    reason: 'too_many_waiting',
    retryAfterSeconds: 180,
    load: { maxWaitSeconds: 900 },
    full: { key: 'tenant', value: 'acme', waiting: 100, maxWaiting: 100 },
  };
  const cwd = await temporaryFolder();
  const { stderr, exitCode } = await coatcheck(['submit', '-', '--api', url], { cwd, stdin: 'x' });
  expect(stderr).toContain('100 requests of tenant acme are waiting, and at most 100 may.');
  expect(stderr).toContain('try again after 3 min');
  expect(exitCode).toBe(1);
});
