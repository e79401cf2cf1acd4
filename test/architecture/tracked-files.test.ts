import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

const run = promisify(execFile);

/** What ties a project to one machine or one network. (In pieces, so that this file passes its own check.) */
const FORBIDDEN: readonly [what: string, pattern: RegExp][] = [
  ['a registry', new RegExp(['registry\\.npm', 'js\\.org|registry\\.yarn', 'pkg\\.com'].join(''))],
  ['a registry', new RegExp(['py', 'pi\\.org|pythonhosted\\.', 'org'].join(''))],
  ['a resolved package', new RegExp(['"resolved"', ': "https?:'].join(''))],
  ['a path of one machine', /(?<![\w.~-])\/(?:work|root|home\/\w+|Users\/\w+)\/[\w.-]/],
  ['a path of one machine', /\b[A-Z]:\\(?:Users|work)\\/],
];

/** Every file that is or would be committed, when this is a clone. */
async function projectFiles(): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: PROJECT_FOLDER,
  });
  return stdout.split('\0').filter(Boolean);
}

function findings(path: string, text: string): string[] {
  const found = FORBIDDEN.flatMap(([what, pattern]) => {
    const match = pattern.exec(text);
    return match ? [`${path}: ${what}, ${match[0]}`] : [];
  });
  return found;
}

test('no file of the project names a registry or a path of one machine', async () => {
  const paths = await projectFiles();
  expect(paths).toContain('package.json');
  const texts = await Promise.all(
    paths.map((path) => readFile(join(PROJECT_FOLDER, path), 'utf8').catch(() => '')),
  );
  expect(paths.flatMap((path, index) => findings(path, texts[index] ?? ''))).toEqual([]);
});

test.each([
  `"resolved": "${'https'}://example.com/a/-/a-1.0.0.tgz"`,
  `https://${'registry.npm'}js.org/a`,
  `--index-url https://${'py'}pi.org/simple`,
  `open('/${'work'}/main/a.ts')`,
  `cd /${'root'}/project`,
  `see /${'home'}/someone/a`,
  `/${'Users'}/someone/a`,
])('%s would be found', (text) => {
  expect(findings('a', text)).not.toEqual([]);
});

test.each(['https://example.com/work/a', 'docs/root/a', './home/a/b', '/tmp/a', 'lib/work/a'])(
  '%s would not',
  (text) => {
    expect(findings('a', text)).toEqual([]);
  },
);
