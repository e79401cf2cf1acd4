import { expect, test } from 'vitest';
import { assertNodeVersion } from '../../lib/cli/project-version.ts';

const engines = { node: '>=22.12.0' };

test.each(['22.12.0', '22.12.1', '22.100.0', '24.0.0', '100.1.0'])('Node %s is new enough', (version) => {
  expect(() => assertNodeVersion(version, { engines })).not.toThrow();
});

test.each(['20.20.2', '22.11.9', '22.9.0', '8.17.0'])('Node %s is too old', (version) => {
  expect(() => assertNodeVersion(version, { engines })).toThrow(
    `coatcheck needs Node 22.12.0 or later, got ${version}: update Node`,
  );
});

test('the Node of this project is new enough', () => {
  expect(() => assertNodeVersion()).not.toThrow();
});
