import { defineConfig } from 'vitest/config';

/** Synthesizing a CDK app takes 15 seconds of one core, and longer where other tests share it. */
const UNIT_TIMEOUT_MILLISECONDS = 90_000;

/** Tests against a local AWS wait for real queues, and for deployments. */
const AWS_TIMEOUT_MILLISECONDS = 120_000;

/** The foreign packages of test/peers are downloaded once. */
const INSTALL_TIMEOUT_MILLISECONDS = 600_000;

export default defineConfig({
  test: {
    // By default one core is left idle, of two.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', 'test/conformance/**', 'test/e2e/**', 'test/peers/**'],
          testTimeout: UNIT_TIMEOUT_MILLISECONDS,
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
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: AWS_TIMEOUT_MILLISECONDS,
          hookTimeout: AWS_TIMEOUT_MILLISECONDS,
          fileParallelism: false,
          // After the others: it has the machine to itself.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
