import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineProcessor } from '../../../lib/core/processor/handler.ts';

const handler = () => 5;

test('a handler is a processor, with options or without', () => {
  const input = z.object({ x: z.number() });
  expect(defineProcessor(handler)).toEqual({ handler });
  expect(defineProcessor({}, handler)).toEqual({ handler });
  expect(defineProcessor({ input }, handler)).toEqual({ handler, input });
});

describe('what isn’t one is refused when it is defined, not at the first request:', () => {
  const define: (...definition: unknown[]) => unknown = Object.assign(defineProcessor);

  test.each([
    [[], 'needs a handler function, got undefined'],
    [[undefined], 'needs a handler function, got undefined'],
    [[null, null], 'needs a handler function, got null'],
    [[{}, 'handler'], 'needs a handler function, got string'],
    [[{ input: {} }, handler], 'an input that is a Standard Schema'],
    [[{ input: null }, handler], 'an input that is a Standard Schema'],
    [[{ input: { '~standard': {} } }, handler], 'an input that is a Standard Schema'],
  ])('processor(...%j)', (definition, message) => {
    expect(() => define(...definition)).toThrow(TypeError);
    expect(() => define(...definition)).toThrow(message);
  });
});
