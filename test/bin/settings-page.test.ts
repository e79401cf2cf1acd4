import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { settingsPage } from '../../bin/settings-page.ts';

test('docs/settings.md says what the definitions say', async () => {
  expect(await readFile('docs/settings.md', 'utf8')).toBe(settingsPage());
});
