import { expect } from 'vitest';
import type * as z from 'zod';
import { Problem, Request } from '../../lib/api/schemas.ts';

/** A value that matches its schema and has no other properties. */
export function exactly<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.parse(value);
  expect(parsed).toEqual(value);
  return parsed;
}

/** The problem in a response. */
export async function problemIn(response: Response, status: number): Promise<z.infer<typeof Problem>> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const problem = exactly(Problem, await response.json());
  expect(problem).toMatchObject({ status, type: `urn:coatcheck:problem:${problem.code}` });
  expect(problem.title).not.toBe('');
  expect(problem.detail).not.toBe('');
  return problem;
}

/** The request in a response. */
export async function requestIn(response: Response, status: number): Promise<z.infer<typeof Request>> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return exactly(Request, await response.json());
}
