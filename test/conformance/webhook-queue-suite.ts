import { describe, expect, test } from 'vitest';
import type { WebhookQueue } from '../../lib/core/ports/webhooks.ts';

/** A webhook queue and its consumer. */
export interface WebhookQueueHarness {
  readonly queue: WebhookQueue;
  /** All deliverable messages, as soon as there are `count` of them, with their arrival times. */
  receive(count: number): Promise<{
    readonly messages: readonly { readonly message: string; readonly host: string | undefined }[];
    readonly at: number;
  }>;
}

/** The behaviour of every webhook queue. */
export function exerciseWebhookQueue(name: string, open: () => Promise<WebhookQueueHarness>): void {
  describe(name, () => {
    test('a message arrives unchanged, at once, with its receiver', async () => {
      const { queue, receive } = await open();
      const message = '{"body":"{\\"text\\":\\"żółć 🧥 <x> \\\\n\\"}"}';
      await queue.send(message, 'example.com:8443', 0);
      expect((await receive(1)).messages).toEqual([{ message, host: 'example.com:8443' }]);
    });

    test('a delayed message does not arrive early', async () => {
      const { queue, receive } = await open();
      const due = Date.now() + 2_000;
      await queue.send('a', '[2001:db8::1]:8443', 2);
      expect((await receive(1)).at).toBeGreaterThanOrEqual(due);
    });
  });
}
