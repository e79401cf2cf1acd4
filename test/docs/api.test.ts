import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

const SOURCES = join(PROJECT_FOLDER, 'lib', 'api');

/** Routes of coatcheck serve, which docs/serve.md describes. */
const OTHER_PAGE = /^work-/;

/** The code of a problem: `code: 'payload_empty'`, or a row of the table of statuses. */
const CODE = /\bcode: (.*)$|^ {2}([a-z]+(?:_[a-z]+)+): [45]\d\d,$/gm;

test('the page of the API lists the codes of all problems', async () => {
  const page = await readFile(join(PROJECT_FOLDER, 'docs', 'api.md'), 'utf8');
  const [, table = ''] = /\n## Errors\n(.*?)\n## /s.exec(page) ?? [];
  const codes = new Set<string>();
  for (const file of await readdir(SOURCES)) {
    if (!file.endsWith('.ts') || OTHER_PAGE.test(file)) continue;
    const source = await readFile(join(SOURCES, file), 'utf8');
    for (const [, literals = '', row] of source.matchAll(CODE)) {
      for (const [, code = ''] of literals.matchAll(/'([a-z]+(?:_[a-z]+)+)'/g)) codes.add(code);
      if (row) codes.add(row);
    }
  }
  expect(codes.size).toBeGreaterThan(30);
  expect([...codes].filter((code) => !table.includes(`\`${code}\``))).toEqual([]);
});
