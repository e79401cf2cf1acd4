import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPowertools, PowertoolsLogger, processLogger } from '../../lib/lambda/powertools-logger.ts';

const lines: Record<string, unknown>[] = [];

beforeEach(() => {
  for (const method of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(JSON.parse(line)));
  }
  vi.stubEnv('POWERTOOLS_DEV', 'true');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  lines.length = 0;
});

function logger() {
  return new PowertoolsLogger(createPowertools({ serviceName: 'service', logLevel: 'DEBUG' }));
}

test.each(['debug', 'info', 'warn', 'error'] as const)('%s is a line of JSON with its fields', (level) => {
  logger()[level]('Something happened', { requestId: 'r-1', error: { name: 'TypeError' } });
  expect(lines).toEqual([
    expect.objectContaining({
      level: level.toUpperCase(),
      message: 'Something happened',
      service: 'service',
      requestId: 'r-1',
      error: { name: 'TypeError' },
    }),
  ]);
});

test('a child adds its fields to every line, and the parent doesn’t', () => {
  const parent = logger();
  const child = parent.child({ requestId: 'r-1' }).child({ attempt: 2 });
  child.info('one', { note: 'x' });
  child.info('two');
  parent.info('three');
  expect(lines).toMatchObject([
    { message: 'one', requestId: 'r-1', attempt: 2, note: 'x' },
    { message: 'two', requestId: 'r-1', attempt: 2 },
    { message: 'three' },
  ]);
  expect(lines[2]).not.toHaveProperty('requestId');
});

test.each(['42', undefined])('a process logs its version, if it has one: %s', (handlerVersion) => {
  processLogger({ serviceName: 'service', handlerVersion }).info('Started');
  expect(lines).toMatchObject([{ message: 'Started', service: 'service' }]);
  expect(lines[0]?.handlerVersion).toBe(handlerVersion);
});

test('what has no JSON does no harm', () => {
  const cyclic: Record<string, unknown> = { big: 5n };
  cyclic.self = cyclic;
  logger().info('Odd', { cyclic });
  expect(lines).toMatchObject([{ message: 'Odd' }]);
});

test('lines have a sampling rate only if they are sampled', () => {
  logger().child({ requestId: 'r-1' }).info('All');
  vi.stubEnv('POWERTOOLS_LOGGER_SAMPLE_RATE', '0.5');
  logger().info('Some');
  const [all, some] = ['All', 'Some'].map((name) => lines.find(({ message }) => message === name));
  expect(all).not.toHaveProperty('sampling_rate');
  expect(some).toMatchObject({ sampling_rate: 0.5 });
});
