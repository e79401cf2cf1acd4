import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What runs a program in TypeScript, beside our own node_modules. */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  bun: [],
  deno: ['run', '--allow-all', '--node-modules-dir=manual'],
};

let folder: string;
beforeAll(async () => {
  ({ folder } = await installJsPeers('runtimes'));
  // npm doesn't run the scripts of peers. Bun's puts the program of this machine in its place.
  await runProgram(process.execPath, ['install.js'], { cwd: join(folder, 'node_modules', 'bun') });
}, INSTALL_TIMEOUT_MILLISECONDS);

test.each(Object.entries(RUNTIMES))(
  'coatcheck/embedded and the relay of a SQLite file share files on %s',
  async (runtime, args) => {
    const program = join(peerFolder('runtimes'), 'share-files.ts');
    const command = join(folder, 'node_modules', '.bin', runtime);
    const output = await runProgram(command, [...args, program, await temporaryFolder()], {
      env: { ...process.env, POWERTOOLS_LOG_LEVEL: 'SILENT', DENO_NO_UPDATE_CHECK: '1' },
    });
    // One of two relays works, and waits for a transaction of the application.
    expect(JSON.parse(output)).toEqual({ status: 'succeeded', relayed: [1, 0, 1] });
  },
);
