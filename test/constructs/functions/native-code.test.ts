import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nativeCodeProblem } from '../../../lib/constructs/functions/native-code.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'native-code-'));
  mkdirSync(join(folder, 'node_modules', 'a'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The first bytes of native code, for Linux with a machine field or for macOS. */
function addNativeCode(name: string, machine?: number) {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(machine === undefined ? 0xcffaedfe : 0x7f454c46);
  header.writeUInt16LE(machine ?? 0, 18);
  writeFileSync(join(folder, 'node_modules', 'a', name), header);
}

test('E5: accepts a bundle without native code', () => {
  expect(nativeCodeProblem(folder, Architecture.ARM_64)).toBeUndefined();
});

test.each([
  [Architecture.ARM_64, 0xb7],
  [Architecture.X86_64, 0x3e],
])('E5: accepts native code for the function and other platforms: %s', (architecture, machine) => {
  addNativeCode('darwin.node');
  addNativeCode('linux.node', machine);
  expect(nativeCodeProblem(folder, architecture)).toBeUndefined();
});

test.each([
  [Architecture.ARM_64, 0x3e],
  [Architecture.X86_64, 0xb7],
  [Architecture.ARM_64, undefined],
])('E5: rejects native code for other platforms only: %s', (architecture, machine) => {
  addNativeCode('other.node', machine);
  expect(nativeCodeProblem(folder, architecture)).toMatch(
    `function.bundling.nodeModules must be installed for linux-${architecture.name}, got native code for another platform, ` +
      `for example ${join('node_modules', 'a', 'other.node')}. `,
  );
});

test.runIf(process.platform === 'linux')('E5: recognizes native code of this machine', () => {
  const library = process.arch === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64;
  // The program of esbuild is built for this machine and has the format of native modules.
  const programs = join('node_modules', '@esbuild');
  const [platform = ''] = readdirSync(programs);
  copyFileSync(join(programs, platform, 'bin', 'esbuild'), join(folder, 'esbuild.node'));
  expect(nativeCodeProblem(folder, library)).toBeUndefined();
});
