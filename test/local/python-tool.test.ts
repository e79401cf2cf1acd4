import { execFileSync } from 'node:child_process';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InstallFailed, VenvMissing } from '../../lib/local/errors.ts';
import { type InstallOptions, installPythonTool } from '../../lib/local/python-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Creating a virtual environment takes seconds, many on a busy machine. */
const TIMEOUT_MS = 120_000;

describe('installing a tool', { timeout: TIMEOUT_MS }, () => {
  test('runs once, also for two callers, and again if the environment is broken', async () => {
    const folder = await temporaryFolder();
    const install = () => installWithoutNetwork('# nothing', { folder });

    const [python, samePython] = await Promise.all([install(), install()]);
    expect(samePython).toBe(python);
    expect(await environmentsIn(folder)).toHaveLength(1);
    expect(versionOf(python)).toMatch(/^Python 3\./);

    const { ino } = await stat(join(python, '..'));
    await install();
    expect(await stat(join(python, '..'))).toMatchObject({ ino });

    await rm(python);
    expect(versionOf(await install())).toMatch(/^Python 3\./);
  });

  test('leaves nothing behind if it is interrupted', async () => {
    const folder = await temporaryFolder();
    const interruption = new AbortController();

    const installing = installWithoutNetwork('# nothing', { folder, signal: interruption.signal });
    await expect.poll(() => environmentsIn(folder)).toHaveLength(1);
    interruption.abort(new Error('Ctrl-C'));

    await expect(installing).rejects.toThrow('Ctrl-C');
    expect(await environmentsIn(folder)).toEqual([]);
  });

  test('reports the output of pip if that fails, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();

    const error = await installWithoutNetwork('no-such-package==1.0', { folder }).catch((reason) => reason);

    expect(error).toBeInstanceOf(InstallFailed);
    expect(error.message).toMatch(/Installing ministack failed.*no-such-package==1\.0.*run this again/s);
    expect(await environmentsIn(folder)).toEqual([]);
  });

  test('says what to install if the venv module is missing', async () => {
    const folder = await temporaryFolder();
    // Debian's python3 without python3-venv.
    const script = `#!/bin/sh
case "$*" in
  *venv*) echo 'The virtual environment was not created successfully because ensurepip is not available.'; exit 1 ;;
  *) printf '%s\\n3\\n11\\n2\\n' "$0" ;;
esac
`;
    await writeFile(join(folder, 'python3'), script, { mode: 0o755 });

    const error = await installWithoutNetwork('# nothing', { folder, env: { PATH: folder } }).catch(
      (reason) => reason,
    );

    expect(error).toBeInstanceOf(VenvMissing);
    expect(error.message).toMatch(
      /Python 3\.11\.2 can't create a virtual.*ensurepip is not available.*apt install python3-venv/s,
    );
  });
});

async function installWithoutNetwork(requirement: string, options: InstallOptions): Promise<string> {
  const requirements = join(await temporaryFolder(), 'requirements.txt');
  await writeFile(requirements, `${requirement}\n`);
  return installPythonTool('ministack', {
    env: { ...process.env, PIP_NO_INDEX: '1' },
    ...options,
    requirements,
  });
}

async function environmentsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('ministack-') && !name.endsWith('.lock'));
}

function versionOf(python: string): string {
  return execFileSync(python, ['--version'], { encoding: 'utf8' });
}
