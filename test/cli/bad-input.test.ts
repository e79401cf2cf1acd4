import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runProgram } from '../../lib/cli/program.ts';

const NO_API = ['--api', 'http://127.0.0.1:1'];
const KEY = 'k'.repeat(32);
const SQLITE = { COATCHECK_INPUT: 'sqlite:queues.db?queue=a', COATCHECK_OUTPUT: 'none' };
const PROCESSOR = 'test/worker/fixtures/processor.ts';
const USAGE = 2;

let printed: string;

beforeEach(() => {
  printed = '';
  for (const name of Object.keys(process.env)) if (name.startsWith('COATCHECK_')) vi.stubEnv(name, undefined);
  const keep = (text: unknown) => {
    printed += text;
    return true;
  };
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  vi.spyOn(console, 'error').mockImplementation((text) => keep(`${text}\n`));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs the command line in this process. @returns the exit code and what it printed on standard error */
async function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const code = await runProgram(args, new AbortController().signal);
  return { code, printed };
}

describe('a command line names the input, what is allowed, and what came:', () => {
  test.each([
    [['stauts'], "unknown command 'stauts'\n(Did you mean status?)"],
    [['outbox', 'rely'], "unknown command 'rely'\n(Did you mean relay?)"],
    [['submit', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
    [['serve', '--hots', 'x'], "unknown option '--hots'\n(Did you mean --host?)"],
    [['status'], "missing required argument 'ids'"],
    [['status', ''], "argument 'ids' must not be empty"],
    [['status', 'a', ' ', ...NO_API], "argument 'ids' must not be empty"],
    [['result', '', ...NO_API], "argument 'id' must not be empty"],
    [
      ['serve', 'a.mjs', 'b.mjs'],
      "too many arguments for 'serve'. Expected 1 argument but got 2: a.mjs, b.mjs",
    ],
    [['serve', '--host', ''], "'--host <host>' argument '' is invalid. It must not be empty"],
    [['serve', '--data', ''], "'--data <folder>' argument '' is invalid. It must not be empty"],
    [['worker', '--forward', ''], "'--forward <url>' argument '' is invalid. It must not be empty"],
    [['outbox', 'relay', '--to', ''], "'--to <url>' argument '' is invalid. It must not be empty"],
    [['consume', '--exec'], "option '--exec <command>' argument missing"],
    [['list', '--limit', '-1'], "'--limit <n>' argument '-1' is invalid. It must be a whole number"],
    [['list', '--limit', 'NaN'], "'--limit <n>' argument 'NaN' is invalid. It must be a whole number"],
    [['list', '--status', 'faild'], "'faild' is invalid. Allowed choices are awaiting_upload"],
    [['list', '--since', 'yesterday'], "'yesterday' is invalid. It must be a time ago, like 30min"],
    [['wait', 'a', '--timeout', '5'], "'5' is invalid. It must be a time: a number, then ms, s, min, h or d"],
    [['wait', 'a', '--timeout', '99999999999d'], "'99999999999d' is invalid. It must be 36500d or less"],
    [['dev', 'a.ts', '--port', '65536'], "'65536' is invalid. It must be a port from 0 to 65535"],
    [['list', '--api', 'ftp://x'], "'ftp://x' is invalid. It must be an http or https URL"],
    [
      ['submit', 'a', '--metadata', 'a=1', '--metadata', 'a=2'],
      "'a=2' is invalid. A request has one value of a",
    ],
  ])('%j', async (args, expected) => {
    expect(await run(args)).toEqual({ code: USAGE, printed: expect.stringContaining(expected) });
  });
});

describe('variables that can’t be used are errors that say what to do:', () => {
  test.each([
    [
      ['serve'],
      { COATCHECK_PORT: 'tcp://10.0.0.1:4570' },
      'COATCHECK_PORT must be a whole number from 0 to 65535, got "tcp://10.0.0.1:4570", which Kubernetes sets for a Service of ' +
        'this name: set enableServiceLinks to false in the Pod, or rename the Service',
    ],
    [
      ['serve'],
      { COATCHECK_API_KEYS: `${KEY},${KEY}` },
      'COATCHECK_API_KEYS must be keys without commas, separated by spaces',
    ],
    [
      ['serve'],
      { COATCHECK_LIMITS: '[{"key":"tenant","concurency":5}]' },
      'COATCHECK_LIMITS[0].concurency is not one of key, concurrency, rate, maxWaiting, weight: did you mean concurrency?',
    ],
    [
      ['serve'],
      { COATCHECK_LIMITS: '[{"key":"tenant"' },
      'COATCHECK_LIMITS must be JSON, such as [{"key":"tenant","concurrency":5}], got "[{\\"key\\":\\"tenant\\""',
    ],
    [
      ['serve'],
      { COATCHECK_CALLBACK_PORTS: '443,8443' },
      'COATCHECK_CALLBACK_PORTS must be ports from 1 to 65535, separated by spaces, got "443,8443"',
    ],
    [
      ['worker', PROCESSOR],
      { ...SQLITE, COATCHECK_OUTPUT: SQLITE.COATCHECK_INPUT },
      'COATCHECK_OUTPUT must be another queue than COATCHECK_INPUT, got sqlite:queues.db?queue=a for both: what is sent there would ' +
        'be handled as requests',
    ],
    [
      ['worker', PROCESSOR],
      {
        ...SQLITE,
        COATCHECK_INPUT_HIGH: 'sqlite:queues.db?queue=b',
        COATCHECK_DEAD_LETTERS: 'sqlite:queues.db?queue=b',
      },
      'COATCHECK_DEAD_LETTERS must be another queue than COATCHECK_INPUT_HIGH',
    ],
    [
      ['worker', PROCESSOR],
      { ...SQLITE, COATCHECK_CLAIM_CHECK_SOURCES: 'uploads s3://archive' },
      'COATCHECK_CLAIM_CHECK_SOURCES must be bucket or bucket/prefix, separated by spaces, such as "uploads archive/2026/", got ' +
        '"s3://archive"',
    ],
    [
      ['worker', 'test/worker/fixtures/no-processor.ts'],
      SQLITE,
      'Its handler is another function: export const handler = processor(handle)',
    ],
  ] as const)('%j %j', async (args, variables, expected) => {
    expect(await run(args, variables)).toEqual({
      code: expect.any(Number),
      printed: expect.stringContaining(expected),
    });
  });
});

test.each([
  [['serve', 'nowhere.ts'], {}],
  [['dev', 'nowhere.ts'], {}],
  [['worker', 'nowhere.ts'], SQLITE],
  [['outbox', 'relay'], {}],
] as const)('%j warns at its start of a variable that nothing reads', async (args, variables) => {
  await run(args, {
    ...variables,
    COATCHECK_API_KEY: KEY,
    COATCHECK_TOKEN: KEY,
    COATCHECK_SERVICE_HOST: '10.0.0.1',
  });
  expect(printed.split('\n')).toEqual([
    'warning: COATCHECK_API_KEY is set, but nothing reads it: did you mean COATCHECK_API_KEYS?',
    expect.stringContaining('error: '),
    '',
  ]);
});
