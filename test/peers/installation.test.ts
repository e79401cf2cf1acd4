import { expect, test } from 'vitest';
import { buildGoPeer } from '../support/peers/go.ts';
import { INSTALL_TIMEOUT_MILLISECONDS } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

const timeout = INSTALL_TIMEOUT_MILLISECONDS;

test('peers from npm load into this process', { timeout }, async () => {
  const peers = await installJsPeers();
  expect(peers.load<{ Response: typeof Response }>('undici-8').Response).not.toBe(Response);
  expect(peers.load<{ default: unknown }>('node-fetch-3').default).toBeTypeOf('function');
});

test.runIf(await hasToolchain('python'))('peers from Python run', { timeout }, async () => {
  const python = await installPythonPeers();
  expect(await runProgram(python, ['-m', 'openapi_python_client', '--version'])).toContain('0.29.1');
});

test.runIf(await hasToolchain('java'))('peers from Maven are on a class path', { timeout }, async () => {
  expect(await installJavaPeers()).toMatch(/java-\w{8}/);
});

test.runIf(await hasToolchain('go'))('peers from Go modules build', { timeout }, async () => {
  expect(await runProgram(await buildGoPeer('cloudevents'), ['write'])).toContain('specversion');
});
