import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { IN_TIME } from './test/support/in-time.ts';

/** Synthesizing a CDK app takes 15 seconds of one core, and longer where other tests share it. */
const UNIT_TIMEOUT_MILLISECONDS = 180_000;

/** Tests against a local AWS wait for real queues, and for deployments, of which one takes a minute on a busy machine. */
const AWS_TIMEOUT_MILLISECONDS = 300_000;

/** Tests on a real broker wait for restarts and for reconnects. */
const BROKER_TIMEOUT_MILLISECONDS = 180_000;

/** The foreign packages of test/peers are downloaded once. */
const INSTALL_TIMEOUT_MILLISECONDS = 600_000;

// To start the CDK's validation of templates takes six seconds in each process. The tests that are about it turn it on.
process.env.CDK_VALIDATION = 'false';

// Hundreds of processes of the tests load the same programs and packages: Node compiles them once.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.local', 'compile-cache');

// The processes of tests are killed at their end, before the CDK deletes its folders. So a run has a folder for temporary files.
const temporary = mkdtempSync(join(tmpdir(), 'coatcheck-tests-'));
// PostgreSQL runs as another user than root.
chmodSync(temporary, 0o755);
process.env.TMPDIR = temporary;
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

// The tests run Go programs for moments: to optimize them, and to compile C, would take longer than they run.
process.env.CGO_ENABLED = '0';
process.env.GOFLAGS = [process.env.GOFLAGS, "'-gcflags=all=-N -l'", '-ldflags=-w'].filter(Boolean).join(' ');

/** Files that take longest. By their sizes they would start last, and the other processes would wait for them. */
const LONGEST = ['brokers/worker', 'brokers/order', 'e2e/fuzz', 'e2e/pauses'].map(
  (file) => `/test/${file}.test.ts`,
);

/** It checks what the end-to-end tests recorded. */
const RIGHTS = 'test/e2e/rights.test.ts';

/** Half of the end-to-end tests share this stack, and so run one after another. */
const SHARED_STACK = 'E2e-cloudevents';

/** For `expect.poll`. By default, it waits for a second. */
const EXPECT = { poll: IN_TIME };

/** Starts first what takes longest, and spreads the end-to-end tests, which wait for AWS or for each other, over the others. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const groups = Map.groupBy(sorted, ({ project }) => project.config.sequence.groupOrder);
    return [...groups.values()].flatMap((group) => {
      const longestFirst = [...group.filter(isLong), ...group.filter((file) => !isLong(file))];
      const { sharing = [], alone = [], others = [] } = Object.groupBy(longestFirst, kindOf);
      return spread(sharing, alone, others);
    });
  }
}

function kindOf({ moduleId, project }: TestSpecification): 'sharing' | 'alone' | 'others' {
  if (project.name !== 'e2e') return 'others';
  return readFileSync(moduleId, 'utf8').includes(SHARED_STACK) ? 'sharing' : 'alone';
}

function isLong({ moduleId }: TestSpecification): boolean {
  return LONGEST.some((file) => moduleId.endsWith(file));
}

/** Merges lists, the items of each at even distances. */
function spread<Item>(...lists: readonly (readonly Item[])[]): Item[] {
  const placed = lists.flatMap((list) => list.map((item, index) => ({ item, place: index / list.length })));
  return placed.toSorted((one, other) => one.place - other.place).map(({ item }) => item);
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Two more than there are cores: half of the time, tests wait for servers. By default, a core would be left idle.
    maxWorkers: availableParallelism() + 2,
    projects: [
      {
        test: {
          name: 'unit',
          expect: EXPECT,
          include: ['test/**/*.test.ts'],
          exclude: ['bench', 'brokers', 'conformance', 'e2e', 'peers'].map((folder) => `test/${folder}/**`),
          testTimeout: UNIT_TIMEOUT_MILLISECONDS,
          hookTimeout: UNIT_TIMEOUT_MILLISECONDS,
          // To load the CDK for each file would take as long as the tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'conformance',
          expect: EXPECT,
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          hookTimeout: AWS_TIMEOUT_MILLISECONDS,
        },
      },
      {
        test: {
          name: 'bench',
          expect: EXPECT,
          include: ['test/bench/**/*.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
        },
      },
      {
        test: {
          name: 'peers',
          expect: EXPECT,
          include: ['test/peers/**/*.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          // Long enough to install a toolchain's packages.
          hookTimeout: INSTALL_TIMEOUT_MILLISECONDS,
        },
      },
      {
        test: {
          name: 'brokers',
          expect: EXPECT,
          include: ['test/brokers/**/*.test.ts'],
          testTimeout: BROKER_TIMEOUT_MILLISECONDS,
          // Long enough to install a server.
          hookTimeout: INSTALL_TIMEOUT_MILLISECONDS,
          // After the others, which use the machine to capacity. These wait for servers two thirds of the time.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          expect: EXPECT,
          include: ['test/e2e/**/*.test.ts'],
          exclude: [RIGHTS],
          globalSetup: ['test/e2e/setup.ts'],
          setupFiles: ['test/e2e/lock-stacks.ts'],
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          hookTimeout: AWS_TIMEOUT_MILLISECONDS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'rights',
          expect: EXPECT,
          include: [RIGHTS],
          // It evaluates more than ten thousand calls.
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          hookTimeout: AWS_TIMEOUT_MILLISECONDS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
