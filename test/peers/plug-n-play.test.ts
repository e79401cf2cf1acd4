import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = 'service-under-plug-n-play.ts';

/** Yarn 4.18.1 gives programs file handles without sync(), datasync() and Symbol.asyncDispose. */
test("keeps payloads on the disk under Yarn's Plug'n'Play", {
  timeout: INSTALL_TIMEOUT_MILLISECONDS,
}, async () => {
  const { folder: peers } = await installJsPeers();
  const folder = await temporaryFolder();
  const yarn = (...args: readonly string[]) =>
    runProgram(process.execPath, [join(peers, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js'), ...args], {
      cwd: folder,
      env: { ...process.env, POWERTOOLS_LOG_LEVEL: 'SILENT' },
    });
  await writeFile(join(folder, 'package.json'), '{"name":"program","private":true,"type":"module"}');
  await writeFile(
    join(folder, '.yarnrc.yml'),
    'nodeLinker: pnp\nenableImmutableInstalls: false\nenableTelemetry: false\n',
  );
  await writeFile(join(folder, 'yarn.lock'), '');
  await copyFile(join(peerFolder('js'), PROGRAM), join(folder, PROGRAM));
  await yarn('install');
  const printed = await yarn('node', PROGRAM, PROJECT_FOLDER, join(folder, 'jobs.db'));
  expect(JSON.parse(printed)).toEqual({ status: 'succeeded', size: 1_000_000, objects: 2 });
});
