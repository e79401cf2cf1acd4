import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Synthesizing a CDK app takes 15 seconds of one core, and longer where other tests share it. */
const UNIT_TIMEOUT_MILLISECONDS = 90_000;

/** Tests against a local AWS wait for real queues, and for deployments. */
const AWS_TIMEOUT_MILLISECONDS = 120_000;

/** Tests on a real broker wait for restarts and for reconnects. */
const BROKER_TIMEOUT_MILLISECONDS = 60_000;

/** The foreign packages of test/peers are downloaded once. */
const INSTALL_TIMEOUT_MILLISECONDS = 600_000;

// To start the CDK's validation of templates takes six seconds in each process. The tests that are about it turn it on.
process.env.CDK_VALIDATION = 'false';

/** Runs the file last that checks what the other files of its project recorded. */
class RecordingsLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLast = ({ moduleId }: TestSpecification) => moduleId.endsWith('/test/e2e/rights.test.ts');
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !isLast(file)), ...sorted.filter(isLast)];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: RecordingsLast },
    // By default one core is left idle, of two.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['bench', 'brokers', 'conformance', 'e2e', 'peers'].map((folder) => `test/${folder}/**`),
          testTimeout: UNIT_TIMEOUT_MILLISECONDS,
          // To load the CDK for each file would take as long as the tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          hookTimeout: AWS_TIMEOUT_MILLISECONDS,
        },
      },
      {
        test: {
          name: 'bench',
          include: ['test/bench/**/*.test.ts'],
          globalSetup: ['test/conformance/setup.ts'],
        },
      },
      {
        test: {
          name: 'peers',
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
          include: ['test/brokers/**/*.test.ts'],
          testTimeout: BROKER_TIMEOUT_MILLISECONDS,
          // Long enough to install a server.
          hookTimeout: INSTALL_TIMEOUT_MILLISECONDS,
          // After the others: the servers have the machine to themselves.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          hookTimeout: AWS_TIMEOUT_MILLISECONDS,
          fileParallelism: false,
          // After the others: it has the machine to itself.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
