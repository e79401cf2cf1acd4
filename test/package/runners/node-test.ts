import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processor, RetryLater } from 'coatcheck';
import { TestService } from 'coatcheck/testing';

test('a retry', async () => {
  const service = new TestService(
    processor(({ attempt }) => {
      if (attempt === 1) throw new RetryLater(60);
      return { attempt };
    }),
  );
  const { id } = await service.submit({});
  await service.drain();
  assert.equal((await service.request(id))?.status, 'queued');
  service.advance({ minutes: 1 });
  await service.drain();
  assert.deepEqual(service.outcome(id)?.result, { attempt: 2 });
});
