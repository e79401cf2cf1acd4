import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

/** Imports that the rules refuse, each by the rule that does. */
const REFUSED = [
  ['lib/core/base/planted-1.ts', '../config/settings.ts', 'what lib/core/base/ imports'],
  ['lib/core/model/planted-2.ts', '../ports/clock.ts', 'what lib/core/model/ imports'],
  ['lib/core/records/planted-3.ts', '../engine/engine.ts', 'what lib/core/records/ imports'],
  ['lib/core/engine/planted-4.ts', '../../aws/clients.ts', 'what lib/core/engine/ imports'],
  ['lib/core/engine/planted-5.ts', '@aws-sdk/client-sqs', 'what lib/core/engine/ imports'],
  ['lib/core/engine/planted-6.ts', 'node:fs', 'no input or output in the core'],
  ['lib/core/engine/planted-7.ts', 'node:http', 'no input or output in the core'],
  ['lib/aws/planted-8.ts', '../core/engine/engine.ts', 'what lib/aws/ imports'],
  ['lib/aws/planted-9.ts', '../lambda/sqs-event.ts', 'what lib/aws/ imports'],
  ['lib/client/planted-10.ts', 'node:crypto', 'no module of Node in lib/client/'],
  ['lib/constructs/planted-11.ts', '../core/engine/engine.ts', 'what lib/constructs/ imports'],
  ['lib/cli/planted-12.ts', '../constructs/index.ts', 'what lib/cli/ imports'],
  ['lib/stores/planted-16.ts', '../core/records/lease.ts', 'what lib/stores/ imports'],
  ['lib/testing/planted-17.ts', '../aws/clients.ts', 'what lib/testing/ imports'],
  ['lib/embedded/planted-18.ts', '../aws/clients.ts', 'what lib/embedded/ imports'],
  ['lib/elsewhere/planted-13.ts', '../core/base/errors.ts', 'no room without a rule'],
  ['examples/planted-14.ts', '../lib/core/engine/engine.ts', 'what examples/ imports'],
  ['lib/core/base/planted-15.ts', './nowhere.ts', 'nothing missing'],
] as const;

/** Two files that import each other, one of them for types only. */
const CIRCLE = {
  'lib/core/base/planted-here.ts':
    "import { there } from './planted-there.ts';\nexport const here = there;\n",
  'lib/core/base/planted-there.ts':
    "import type { here } from './planted-here.ts';\nexport const there: typeof here = 1;\n",
};

let folder: string;
let violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-rooms-'));
  await cp(join(PROJECT_FOLDER, 'lib'), join(folder, 'lib'), { recursive: true });
  const planted = REFUSED.map(([file, name]) => [file, `import '${name}';\n`] as const);
  for (const [file, text] of [...planted, ...Object.entries(CIRCLE)]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  const rules = await extractDepcruiseConfig(join(PROJECT_FOLDER, '.dependency-cruiser.mjs'));
  const { output } = await cruise(['examples', 'lib'], {
    ...rules.options,
    baseDir: folder,
    validate: true,
    ruleSet: { forbidden: rules.forbidden ?? [] },
  });
  if (typeof output === 'string') throw new Error(output);
  violations = output.summary.violations;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(REFUSED)('%s may not import %s: %s', (file, _, rule) => {
  expect(violations.filter(({ from }) => from === file).map(({ rule: { name } }) => name)).toContain(rule);
});

test('a circle is found, even if a link of it is a type', () => {
  const circles = violations.filter(({ rule }) => rule.name === 'no circles').map(({ from }) => from);
  expect(circles).toHaveLength(1);
  expect(Object.keys(CIRCLE)).toEqual(expect.arrayContaining(circles));
});
