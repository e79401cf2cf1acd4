import { PermanentError, type ProcessorRequest, processor } from 'coatcheck';
import { fakeRequest, TestService } from 'coatcheck/testing';
import { expect, test } from 'vitest';

async function double(request: ProcessorRequest) {
  const value = await request.json();
  if (typeof value !== 'number') throw new PermanentError('not a number', { code: 'not_a_number' });
  return { doubled: 2 * value };
}

const handler = processor(double);

test('the handler alone', async () => {
  expect(await double(fakeRequest({ json: 21 }))).toEqual({ doubled: 42 });
});

test('the processor, over a crash', async () => {
  const service = new TestService(handler);
  service.inject('crash-before-publish');
  const { id } = await service.submit(21);
  await service.drain();
  expect(service.outcomes).toEqual([]);
  service.advance({ days: 1 });
  await service.drain();
  expect(service.outcome(id)).toMatchObject({ status: 'succeeded', result: { doubled: 42 } });
});

test('its failures and retries', async () => {
  const service = new TestService(handler, { settings: { maxAttempts: 2 } });
  const permanent = await service.submit('many', { contentType: 'application/json' });
  const other = await service.submit('"many"', { contentType: 'application/json' });
  await service.drain({ skipDelays: true });
  expect(service.outcome(permanent.id)).toMatchObject({
    status: 'failed',
    problem: { code: 'json_invalid' },
  });
  expect(service.outcome(other.id)).toMatchObject({ status: 'failed', problem: { code: 'not_a_number' } });
});
