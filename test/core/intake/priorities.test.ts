import { expect, test } from 'vitest';
import { PRIORITIES } from '../../../lib/core/model/priority.ts';
import { decodedRequest } from '../../support/decoded.ts';
import { SubmissionService } from '../../support/submission-service.ts';

function laned(): SubmissionService {
  const service = new SubmissionService();
  service.queue.priorities = PRIORITIES;
  return service;
}

test('a priority is in the message, the place in the queue and the record', async () => {
  const service = laned();
  const { request } = await service.submit({ priority: 'high' });
  expect(request.priority).toBe('high');
  const [sent] = service.queue.sent;
  expect(sent?.place).toEqual({ requestId: request.id, priority: 'high' });
  expect(decodedRequest(sent?.message)).toMatchObject({ priority: 'high', metadata: {} });
});

test('a priority distinguishes submissions with one key, if it is stated', async () => {
  const service = laned();
  const { request } = await service.submit({ idempotencyKey: 'k' });
  expect((await service.submit({ idempotencyKey: 'k' })).request.id).toBe(request.id);
  await expect(service.submit({ idempotencyKey: 'k', priority: 'normal' })).rejects.toThrow(
    'was used for a request with another payload',
  );
});

test('a queue without lanes takes normal requests only', async () => {
  const service = new SubmissionService();
  await expect(service.submit({ priority: 'low' })).rejects.toMatchObject({ code: 'priority_unsupported' });
  expect((await service.submit({ priority: 'normal' })).request.priority).toBe('normal');
});
