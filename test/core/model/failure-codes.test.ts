import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { countedCode, OWN_FAILURE_CODES } from '../../../lib/core/model/failure-codes.ts';

/** The codes that the classes of permanent errors name. */
function codesInSource(): string[] {
  const files = ['base', 'engine'].map(
    (room) => new URL(`../../../lib/core/${room}/errors.ts`, import.meta.url),
  );
  const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const classes = source.split(/^export (?:abstract )?class /m);
  return classes
    .filter((text) => /^\w+ extends PermanentError/.test(text))
    .flatMap((text) => [...text.matchAll(/code: '(\w+)'/g)].map(([, code = '']) => code));
}

test('every permanent error of the engine is counted under its own code', () => {
  expect(codesInSource().toSorted()).toEqual([...OWN_FAILURE_CODES]);
});

test('every code that is counted is explained', () => {
  const page = readFileSync(new URL('../../../docs/outcomes.md', import.meta.url), 'utf8');
  expect(OWN_FAILURE_CODES.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});

test.each([
  ['payload_missing', 'payload_missing'],
  [new PermanentError('no').code, 'handler'],
  ['csv_invalid', 'handler'],
  ['', 'handler'],
])('the code %j is counted under %s', (code, counted) => {
  expect(countedCode(code)).toBe(counted);
});
