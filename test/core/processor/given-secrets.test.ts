import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';
import { givenSecrets } from '../../../lib/core/processor/given-secrets.ts';

test('a processor gets the secrets that it names, and no others', async () => {
  const source = givenSecrets({ secrets: ['A', 'B'] }, { A: '1', B: '2', C: '3' }, 'The environment');
  expect(await source.read()).toEqual({ A: '1', B: '2' });
  expect(await givenSecrets({}, { A: '1' }, 'The environment').read()).toEqual({});
});

test('every missing secret is named', () => {
  expect(() => givenSecrets({ secrets: ['A', 'B', 'C'] }, { A: '', B: '2' }, 'The environment')).toThrow(
    new ConfigurationError(
      'The environment must have the secrets that the processor names, got nothing for A, C',
    ),
  );
});
