import { expect, inject, test } from 'vitest';
import { deployLocalService, EXAMPLE_PROCESSOR } from '../../lib/local/local-service.ts';

const MINE = 'examples/http-service/processor.ts';

function deployed(processor: string) {
  return deployLocalService({
    endpoint: inject('endpoint'),
    folder: '.local/e2e-local-service',
    processor,
    signal: new AbortController().signal,
  });
}

test('E12: the local modes keep a processor that the user deployed, and replace it by a new version of itself', async () => {
  expect((await deployed(MINE))('ProcessorEntry')).toBe(MINE);
  await expect(deployed(EXAMPLE_PROCESSOR)).rejects.toThrow(
    `already has the stack Coatcheck, with the processor ${MINE}. It was left unchanged.`,
  );
  expect((await deployed(MINE))('ProcessorEntry')).toBe(MINE);
});
