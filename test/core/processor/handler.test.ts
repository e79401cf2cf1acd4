import { describe, expect, expectTypeOf, test } from 'vitest';
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
    [[{ secrets: ['A-B'] }, handler], 'must be a name of 1 to 128 letters'],
    [[{ secrets: ['1A'] }, handler], 'got "1A"'],
    [[{ secrets: ['AWS_KEY'] }, handler], 'got "AWS_KEY"'],
    [[{ secrets: ['COATCHECK_X'] }, handler], 'got "COATCHECK_X"'],
  ])('processor(...%j)', (definition, message) => {
    expect(() => define(...definition)).toThrow(TypeError);
    expect(() => define(...definition)).toThrow(message);
  });
});

test('the names of secrets are checked when the handler is compiled', () => {
  defineProcessor({ secrets: ['MODEL_KEY'] }, ({ secrets }) => {
    expectTypeOf(secrets).toEqualTypeOf<Readonly<Record<'MODEL_KEY', string>>>();
    // @ts-expect-error: not among the names
    return secrets.MODEL_KEX;
  });
  // @ts-expect-error: no names
  defineProcessor(({ secrets }) => secrets.MODEL_KEY);
  defineProcessor({ input: z.object({ x: z.number() }), secrets: ['A'] }, async (request) => {
    expectTypeOf(await request.json()).toEqualTypeOf<{ x: number }>();
    return request.secrets.A;
  });
});
