import { expect, test } from 'vitest';
import { DeadLetterSender } from '../../../lib/core/wire/dead-letter-sender.ts';
import { encodeDeadLetter } from '../../../lib/core/wire/encode-dead-letter.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { delivery } from '../../support/delivery.ts';

const REASON = {
  requestId: 'r-1',
  code: 'attempts_exhausted',
  detail: 'All 5 attempts failed',
  attempts: 5,
  submittedAt: 0,
  redrives: 0,
};

function senderTo(queue: MemoryOutputQueue): DeadLetterSender {
  return new DeadLetterSender(queue, () => 0.01);
}

test('messages that are dead-lettered together share a call', async () => {
  const queue = new MemoryOutputQueue();
  const sender = senderTo(queue);
  const results = await Promise.all(['a', 'b'].map((body) => sender.send(delivery(body), REASON)));
  expect(results).toEqual([
    { moved: true, bare: false },
    { moved: true, bare: false },
  ]);
  expect(queue.calls.map((call) => call.map(({ body }) => body))).toEqual([['a', 'b']]);
});

test('a message with ten attributes of its own has no room for why it is dead-lettered', async () => {
  const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, 'x']));
  const sender = senderTo(new MemoryOutputQueue());
  expect(await sender.send(delivery('a', { attributes }), REASON)).toEqual({ moved: true, bare: true });
});

test.each([
  ['a'.repeat(2_000), 'a'.repeat(1_024)],
  ['ż'.repeat(2_000), 'ż'.repeat(512)],
  ['x🧥'.repeat(500), 'x🧥'.repeat(204).concat('x')],
])('a detail is cut to 1,024 bytes, between characters', (detail, value) => {
  const unlimited = { sizeOf: () => 0, maxMessageBytes: 1 };
  const { attributes } = encodeDeadLetter(delivery('a'), { ...REASON, detail }, unlimited);
  expect(attributes.DeadLetterDetail).toEqual({ type: 'String', value });
});

test('a body that isn’t text in UTF-8 is dead-lettered as it came', () => {
  const bytes = Uint8Array.of(0xff, 0x00, 0x7b);
  const unlimited = { sizeOf: () => 0, maxMessageBytes: 1 };
  expect(encodeDeadLetter(delivery('', { bytes }), REASON, unlimited)).toMatchObject({ body: '', bytes });
});

test.each([true, false])(
  'a message that the queue rejects (for its own fault: %s) is not moved',
  async (refused) => {
    const queue = new MemoryOutputQueue();
    queue.refuse = () => ({ sent: false, refused, reason: 'no' });
    expect(await senderTo(queue).send(delivery('a'), REASON)).toEqual({
      moved: false,
      refused,
      reason: 'no',
    });
  },
);
