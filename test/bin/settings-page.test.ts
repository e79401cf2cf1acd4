import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { settingsPage } from '../../bin/settings-page.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';

test('docs/settings.md is up to date', async () => {
  expect(await readFile('docs/settings.md', 'utf8')).toBe(settingsPage());
});

test.each(Object.values(NUMBER_SETTINGS).map(({ prop }) => prop))(
  '%s is in the table of its group',
  (prop) => {
    expect(settingsPage()).toContain(`| \`${prop}\` |`);
  },
);
