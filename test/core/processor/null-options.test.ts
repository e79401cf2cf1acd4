import { expect, test } from 'vitest';
import { fromFetch } from '../../../lib/core/processor/from-fetch.ts';
import { defineProcessor } from '../../../lib/core/processor/handler.ts';
import { inSequence } from '../../../lib/core/processor/in-sequence.ts';
import { forwardTo } from '../../../lib/http/forward-to.ts';

const handle = () => 'done';
const respond = () => new Response('done');

// As JavaScript calls them: TypeScript refuses these.
const nothing = JSON.parse('null');

test.each([
  ['processor() takes an object with options, got null', () => defineProcessor(nothing, handle)],
  ['fromFetch() takes an object with options, got null', () => fromFetch(respond, nothing)],
  ['fromFetch(): fetch must be a function, got null', () => fromFetch(nothing)],
  ['inSequence(): handleItem must be a function, got null', () => inSequence(nothing)],
  ['forwardTo() takes an object with options, got null', () => forwardTo('http://127.0.0.1:1', nothing)],
])('%s', (expected, call) => {
  expect(call).toThrow(expected);
});
