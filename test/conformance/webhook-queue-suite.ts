import { describe, expect, test } from 'vitest';
import type { WebhookQueue } from '../../lib/core/ports/webhooks.ts';

/** A queue of webhooks and what takes them out. */
export interface WebhookQueueBench {
  readonly queue: WebhookQueue;
  /** Everything that may be delivered, as soon as there are `count` messages, and the time at which it came. */
  receive(count: number): Promise<{
    readonly messages: readonly { readonly message: string; readonly host: string | undefined }[];
    readonly at: number;
  }>;
}

/** What every queue of webhooks does. */
export function webhookQueueSuite(name: string, open: () => Promise<WebhookQueueBench>): void {
  describe(name, () => {
    test('a message comes as it is, at once, with whom it is for', async () => {
      const { queue, receive } = await open();
      const message = '{"body":"{\\"text\\":\\"żółć 🧥 <x> \\\\n\\"}"}';
      await queue.send(message, 'example.com:8443', 0);
      expect((await receive(1)).messages).toEqual([{ message, host: 'example.com:8443' }]);
    });

    test('one that is held back comes no sooner', async () => {
      const { queue, receive } = await open();
      const due = Date.now() + 2_000;
      await queue.send('a', '[2001:db8::1]:8443', 2);
      expect((await receive(1)).at).toBeGreaterThanOrEqual(due);
    });
  });
}
