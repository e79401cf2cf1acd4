import { expect, test } from 'vitest';
import type { ServiceSetting } from '../../../lib/client/index.ts';
import { settingsOf } from '../../../lib/console/view/settings.ts';

/** The text of the cells of the first row. */
async function cellsOf(setting: ServiceSetting): Promise<string[]> {
  const html = String(await settingsOf([setting]));
  return [...html.matchAll(/<div class="cell">(.*?)<\/div>/g)].map(([, text = '']) => text);
}

test('amounts have digit groups and their unit, and other numbers have neither', async () => {
  expect(
    await cellsOf({ name: 'maxPayloadBytes', value: 5_000, unit: 'bytes', default: 1_000, from: 'program' }),
  ).toEqual(['maxPayloadBytes', '5,000 bytes', '1,000 bytes', 'program']);
  expect(await cellsOf({ name: 'port', value: 4581, default: 4570, from: 'option --port' })).toEqual([
    'port',
    '4581',
    '4570',
    'option --port',
  ]);
});

test('one has a unit in the singular, and what sets a setting is shown where it is known', async () => {
  const setBy = 'variable COATCHECK_GRACE_SECONDS';
  expect(
    await cellsOf({ name: 'graceSeconds', value: 1, unit: 'seconds', default: 25, setBy, from: 'file' }),
  ).toEqual(['graceSeconds', '1 second', '25 seconds', setBy, 'file']);
});

test('a list can break between its entries', async () => {
  expect(await cellsOf({ name: 'callbackPorts', value: [443, 8443], default: [], from: 'program' })).toEqual([
    'callbackPorts',
    '443, 8443',
    'none',
    'program',
  ]);
});
