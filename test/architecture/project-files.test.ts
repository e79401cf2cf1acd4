import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

/** What ties a project to one machine or one network. (In pieces, so that this file passes its own check.) */
const FORBIDDEN: readonly [what: string, pattern: RegExp][] = [
  ['a registry', new RegExp(['registry\\.npm', 'js\\.org|registry\\.yarn', 'pkg\\.com'].join(''))],
  ['a registry', new RegExp(['py', 'pi\\.org|pythonhosted\\.', 'org'].join(''))],
  ['a resolved package', new RegExp(['"resolved"', ': "https?:'].join(''))],
  ['a path of one machine', /(?<![\w.~-])\/(?:work|root|home\/\w+|Users\/\w+)\/[\w.-]/],
  ['a path of one machine', /\b[A-Z]:\\(?:Users|work)\\/],
];

/** Every file that is or would be committed. Without Git's help: it refuses to look at another user's clone. */
async function projectFiles(): Promise<string[]> {
  const ignored = (await readFile(join(PROJECT_FOLDER, '.gitignore'), 'utf8')).split('\n').filter(Boolean);
  const isIgnored = (name: string, isFolder: boolean) =>
    name === '.git' ||
    ignored.includes(isFolder ? `${name}/` : name) ||
    ignored.includes(`*${extname(name)}`);
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(PROJECT_FOLDER, folder), { withFileTypes: true });
    const kept = entries.filter((entry) => !isIgnored(entry.name, entry.isDirectory()));
    const paths = kept.map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? walk(path) : [path];
    });
    return (await Promise.all(paths)).flat();
  };
  return walk('');
}

function findings(path: string, text: string): string[] {
  return FORBIDDEN.flatMap(([what, pattern]) => {
    const match = pattern.exec(text);
    return match ? [`${path}: ${what}, ${match[0]}`] : [];
  });
}

test('no file of the project names a registry or a path of one machine', async () => {
  const paths = await projectFiles();
  expect(paths).toEqual(
    expect.arrayContaining(['package-lock.json', '.ci/run', 'lib/core/engine/engine.ts']),
  );
  expect(paths.join()).not.toContain('node_modules');
  const texts = await Promise.all(paths.map((path) => readFile(join(PROJECT_FOLDER, path), 'utf8')));
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

test.each(['https://example.com/work/a', 'docs/root/a', './home/a/b', `/${'tmp'}/a`, 'lib/work/a'])(
  '%s would not',
  (text) => {
    expect(findings('a', text)).toEqual([]);
  },
);
