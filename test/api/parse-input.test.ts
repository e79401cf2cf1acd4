import { expect, test } from 'vitest';
import * as z from 'zod';
import { parseInput } from '../../lib/api/parse-input.ts';
import { ProblemError } from '../../lib/api/problem.ts';
import { BatchItem, queryNumber, Status } from '../../lib/api/schemas.ts';

function refusal(schema: z.ZodType, input: unknown): string {
  try {
    parseInput(schema, input);
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.detail;
    throw error;
  }
  throw new Error('It was not refused');
}

const Members = z.strictObject({
  text: z.string().max(3).optional(),
  count: z.int().min(1).optional(),
  list: z.array(z.string()).min(1).optional(),
  status: Status.optional(),
  url: z.url().optional(),
});

test.each([
  [{ text: 5 }, 'text: Invalid input: expected string, got 5'],
  [{ text: null }, 'text: Invalid input: expected string, got null'],
  [{ text: 'long' }, 'text: Too big: expected string to have <=3 characters, got "long"'],
  [
    { text: 'x'.repeat(500) },
    `text: Too big: expected string to have <=3 characters, got "${'x'.repeat(100)}"`,
  ],
  [{ text: ['a', 'b'] }, 'text: Invalid input: expected string, got a list of 2'],
  [{ text: { password: 'x' } }, 'text: Invalid input: expected string, got an object'],
  [{ count: 0 }, 'count: Too small: expected number to be >=1, got 0'],
  [{ count: '1' }, 'count: Invalid input: expected number, got "1"'],
  [{ list: [] }, 'list: Too small: expected array to have >=1 items, got a list of 0'],
  [{ list: [true] }, 'list.0: Invalid input: expected string, got true'],
  [{ url: 'no url' }, 'url: Invalid URL, got "no url"'],
])('the problem of %j says what came', (input, detail) => {
  expect(refusal(Members, input)).toBe(detail);
});

test('the problem of a value that isn’t among those allowed lists these', () => {
  expect(refusal(Members, { status: 'done' })).toMatch(/^status: Invalid option: .*"queued".*, got "done"$/);
});

test('a member that is missing is nothing', () => {
  expect(refusal(z.object({ name: z.string() }), {})).toBe(
    'name: Invalid input: expected string, got nothing',
  );
});

test('a message of its own stays as it is', () => {
  const Query = z.object({ limit: queryNumber(1, 5) });
  expect(refusal(Query, { limit: '0x9' })).toBe('limit: must be a whole number from 1 to 5, got "0x9"');
});

test.each([
  ['secret', 'Invalid input: expected object, received string'],
  [{ text: 4711 }, 'text: must be text'],
  [{ base64: 'c2VjcmV0!' }, 'base64: must be base64'],
])('a payload is not quoted: %j', (input, detail) => {
  expect(refusal(BatchItem, input)).toBe(detail);
});
