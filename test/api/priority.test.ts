import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PRIORITIES } from '../../lib/core/model/priority.ts';
import { ApiHarness } from '../support/api-harness.ts';

const Item = z.object({
  results: z.tuple([z.object({ status: z.number(), request: z.unknown(), problem: z.unknown() }).partial()]),
});

function itemIn(body: unknown): readonly [number, unknown] {
  const [{ status = 0, request, problem }] = Item.parse(body).results;
  return [status, request ?? problem];
}

/** Submits in each of the three ways. @returns the statuses and bodies of the answers */
async function submitAll(api: ApiHarness, priority: string): Promise<(readonly [number, unknown])[]> {
  const submitted = await api.call('POST', '/v1/requests', {
    body: '1',
    headers: { 'Coatcheck-Priority': priority },
  });
  const opened = await api.call('POST', '/v1/uploads', { json: { size: 5, priority } });
  const batch = await api.call('POST', '/v1/requests:batch', { json: { requests: [{ json: 1, priority }] } });
  return [
    [submitted.status, await submitted.json()],
    [opened.status, await opened.json()],
    itemIn(await batch.json()),
  ];
}

describe('a priority', () => {
  test('is that of the request, its message and its place', async () => {
    const api = new ApiHarness(() => 'done', { priorities: PRIORITIES });
    const [submitted, opened, item] = await submitAll(api, 'low');
    expect(submitted).toEqual([202, expect.objectContaining({ priority: 'low' })]);
    expect(opened).toEqual([
      201,
      expect.objectContaining({ request: expect.objectContaining({ priority: 'low' }) }),
    ]);
    expect(item).toEqual([202, expect.objectContaining({ priority: 'low' })]);
    expect(api.queue.sent).toHaveLength(2);
    for (const { message, place } of api.queue.sent) {
      expect(JSON.parse(message)).toMatchObject({ priority: 'low' });
      expect(place).toMatchObject({ priority: 'low' });
    }
  });

  test('that is unknown is refused with those there are', async () => {
    const api = new ApiHarness(() => 'done', { priorities: PRIORITIES });
    for (const [status, problem] of await submitAll(api, 'urgent')) {
      expect(status).toBe(400);
      expect(problem).toMatchObject({
        code: 'request_malformed',
        detail: expect.stringMatching(/priority must be one of high, normal, low, got "urgent"$/i),
      });
    }
    expect(api.queue.sent).toEqual([]);
  });

  test('other than normal is refused without lanes', async () => {
    const api = new ApiHarness();
    for (const [status, problem] of await submitAll(api, 'high')) {
      expect(status).toBe(422);
      expect(problem).toMatchObject({
        code: 'priority_unsupported',
        detail: expect.stringContaining('priority must be normal here, got high'),
      });
    }
    expect(api.queue.sent).toEqual([]);
    expect((await submitAll(api, 'normal')).map(([status]) => status)).toEqual([202, 201, 202]);
  });
});
