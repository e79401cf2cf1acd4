import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import type { DeployedBundle } from './deployed-bundle.ts';

/** Prints what an earlier commit deploys for its HTTP API, by that commit's own construct. */
const SCRIPT = `
  const { deployedApiBundle } = await import('./bench/support/deployed-bundle.ts');
  const { file, bytes, environment } = deployedApiBundle(process.cwd() + '/bench/cold-start/empty.ts');
  console.log(JSON.stringify({ file, bytes, environment }));`;

/**
 * The HTTP API as an earlier commit of this repository bundles it, with the packages that are installed now.
 * @param commit any name git knows, such as ce09a6f
 */
export function apiBundleOfCommit(commit: string): DeployedBundle {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-commit-'));
  const archive = execFileSync('git', ['archive', commit], { cwd: PROJECT_FOLDER, maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x'], { cwd: folder, input: archive });
  symlinkSync(join(PROJECT_FOLDER, 'node_modules'), join(folder, 'node_modules'));
  const args = ['--input-type=module', '--eval', SCRIPT];
  const output = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const bundle: Omit<DeployedBundle, typeof Symbol.dispose> = JSON.parse(
    output.trim().split('\n').at(-1) ?? '',
  );
  return {
    ...bundle,
    [Symbol.dispose]: () => {
      rmSync(folder, { recursive: true });
      rmSync(dirname(dirname(bundle.file)), { recursive: true });
    },
  };
}
