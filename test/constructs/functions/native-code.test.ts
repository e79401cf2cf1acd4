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

/** The beginning of native code: for Linux on a machine, or for macOS. */
function addNativeCode(name: string, machine?: number) {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(machine === undefined ? 0xcffaedfe : 0x7f454c46);
  header.writeUInt16LE(machine ?? 0, 18);
  writeFileSync(join(folder, 'node_modules', 'a', name), header);
}

test('E5: a bundle without native code is fine', () => {
  expect(nativeCodeProblem(folder, Architecture.ARM_64)).toBeUndefined();
});

test.each([
  [Architecture.ARM_64, 0xb7],
  [Architecture.X86_64, 0x3e],
])('E5: native code for the function is fine, beside that for others: %s', (architecture, machine) => {
  addNativeCode('darwin.node');
  addNativeCode('linux.node', machine);
  expect(nativeCodeProblem(folder, architecture)).toBeUndefined();
});

test.each([
  [Architecture.ARM_64, 0x3e],
  [Architecture.X86_64, 0xb7],
  [Architecture.ARM_64, undefined],
])('E5: native code for other platforms only is refused: %s', (architecture, machine) => {
  addNativeCode('other.node', machine);
  expect(nativeCodeProblem(folder, architecture)).toMatch(
    `function.bundling.nodeModules must be installed for linux-${architecture.name}, got native code for another platform, ` +
      `${join('node_modules', 'a', 'other.node')} for example`,
  );
});

test.runIf(process.platform === 'linux')(
  'E5: real native code of this machine is known for what it is',
  () => {
    const library = process.arch === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64;
    // The bundler's own program is for this machine, in the format of native modules.
    const programs = join('node_modules', '@esbuild');
    const [platform = ''] = readdirSync(programs);
    copyFileSync(join(programs, platform, 'bin', 'esbuild'), join(folder, 'esbuild.node'));
    expect(nativeCodeProblem(folder, library)).toBeUndefined();
  },
);
