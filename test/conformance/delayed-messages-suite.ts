import { describe, expect, test } from 'vitest';
import type { DelayedMessages, RemovableMessages } from '../../lib/core/ports/delayed-messages.ts';

/** Delayed messages, and where they come out. */
export interface DelayedMessagesHarness {
  readonly later: DelayedMessages;
  /** Messages that came out within some seconds, with the time at which the last of `count` did. */
  receive(count: number): Promise<{ readonly messages: readonly string[]; readonly at: number }>;
}

/** The behaviour of implementations whose messages can be removed while they wait. */
export function exerciseRemovableMessages(
  name: string,
  open: () => Promise<Pick<DelayedMessagesHarness, 'receive'> & { readonly later: RemovableMessages }>,
): void {
  test(`${name}: a message is found while it waits, and does not come when it is removed`, async () => {
    const { later, receive } = await open();
    const due = Date.now() + 4_000;
    await later.schedule('a-1', 'first', due);
    await later.schedule('a-2', 'other', due);
    expect(await later.find('a-1')).toBe('first');
    await later.remove('a-1');
    await later.remove('a-1');
    expect(await later.find('a-1')).toBeUndefined();
    expect(await later.find('never there')).toBeUndefined();
    expect((await receive(1)).messages).toEqual(['other']);
    expect(await later.find('a-2')).toBeUndefined();
  });
}

/** The behaviour of every implementation. */
export function exerciseDelayedMessages(name: string, open: () => Promise<DelayedMessagesHarness>): void {
  describe(name, () => {
    test('a message comes as it is, and not too soon', async () => {
      const { later, receive } = await open();
      const message = '{"body":"{\\"text\\":\\"żółć 🧥 <x> \\\\n\\"}"}';
      const due = Date.now() + 2_000;
      await later.schedule('0123456789abcdef-1', message, due);
      const { messages, at } = await receive(1);
      expect(messages).toEqual([message]);
      expect(at).toBeGreaterThanOrEqual(due);
    });

    test('said again under the same name: one comes, the first; under another: another', async () => {
      const { later, receive } = await open();
      const due = Date.now() + 4_000;
      await later.schedule('a-1', 'first', due);
      await later.schedule('a-1', 'again', due);
      await later.schedule('a-2', 'other', due);
      const { messages } = await receive(2);
      expect(messages.toSorted()).toEqual(['first', 'other']);
    });
  });
}
