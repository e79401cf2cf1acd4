import { describe, expect, test } from 'vitest';
import type { SubmissionQueue } from '../../lib/core/ports/message-sink.ts';

/** A message in the queue. */
export interface QueuedSubmission {
  readonly message: string;
  /** The queue's group for the tenant; undefined for a message without a tenant. */
  readonly group: string | undefined;
}

/** A submission queue and its consumer. */
export interface SubmissionQueueHarness {
  readonly queue: SubmissionQueue;
  /** The queue's content, as soon as it has `count` messages. */
  receive(count: number): Promise<readonly QueuedSubmission[]>;
}

/** The behaviour of every submission queue. */
export function exerciseSubmissionQueue(name: string, open: () => Promise<SubmissionQueueHarness>): void {
  describe(name, () => {
    test('accepts a message and delivers it unchanged', async () => {
      const { queue, receive } = await open();
      const message = '{"text":"żółć 漢字 🧥\\n"}\t\r\n';
      await queue.send(message, undefined);
      expect(await receive(1)).toEqual([{ message, group: undefined }]);
    });

    test('accepts two equal messages', async () => {
      const { queue, receive } = await open();
      await queue.send('a', 'acme');
      await queue.send('a', 'acme');
      expect(await receive(2)).toHaveLength(2);
    });

    test('accepts a message of the largest size', async () => {
      const { queue, receive } = await open();
      const message = 'ü'.repeat(queue.maxBytes / 2);
      await queue.send(message, 'acme');
      expect((await receive(1))[0]?.message === message).toBe(true);
    });

    test('refuses one byte more', async () => {
      const { queue } = await open();
      await expect(queue.send('x'.repeat(queue.maxBytes + 1), undefined)).rejects.toThrow();
    });

    test.each(['', 'a\u0000', '\uffff'])('refuses %j', async (message) => {
      const { queue } = await open();
      await expect(queue.send(message, undefined)).rejects.toThrow();
    });

    test('delivers a message at its time and no earlier', async () => {
      const { queue, receive } = await open();
      const notBefore = Date.now() + 2_000;
      await queue.send('later', 'acme', { requestId: 'r-1', notBefore });
      expect((await receive(1)).map(({ message }) => message)).toEqual(['later']);
      expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
    });

    test('delivers a message now that waits for its time, if it is asked to', async ({ skip }) => {
      const { queue, receive } = await open();
      if (!queue.promote || queue.maxDelaySeconds < 3_600) return skip('none of its messages waits for long');
      const notBefore = Date.now() + 3_600_000;
      for (const tenant of ['acme', 'other', undefined]) {
        await queue.send(`of ${tenant}`, tenant, { requestId: 'r-1', notBefore });
        await queue.send(`again of ${tenant}`, tenant, { requestId: 'r-1', notBefore });
      }
      await queue.promote({ id: 'r-1', source: '', tenant: 'acme' });
      await queue.promote({ id: 'r-1', source: '', tenant: 'acme' });
      await queue.promote({ id: 'r-2', source: '', tenant: 'acme' });
      await queue.promote({ id: 'r-1', source: '', tenant: undefined });
      const received = await receive(2);
      expect(received.map(({ message }) => message).toSorted()).toEqual(['of acme', 'of undefined']);
    });

    test('separates tenants, whatever their names', async () => {
      const { queue, receive } = await open();
      const tenants = ['acme', 'acme ', 'Größe / 🧥', '漢'.repeat(256), 'acme'];
      for (const [index, tenant] of tenants.entries()) await queue.send(String(index), tenant);
      const received = (await receive(tenants.length)).toSorted((a, b) => (a.message < b.message ? -1 : 1));
      const groups = received.map(({ group }) => group);
      expect(groups).not.toContain(undefined);
      expect(groups[4]).toBe(groups[0]);
      expect(new Set(groups).size).toBe(4);
    });
  });
}
