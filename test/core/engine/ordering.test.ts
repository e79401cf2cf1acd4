import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blocksItsGroup,
  GroupOrder,
  mayGoBack,
  runInOrder,
  sequencesOf,
} from '../../../lib/core/engine/ordering.ts';
import { ACK, DEAD_LETTER, type Disposition, UNTOUCHED } from '../../../lib/core/model/disposition.ts';
import type { ReceivedMessage } from '../../../lib/core/model/received-message.ts';
import { MemoryInputQueue } from '../../../lib/stores/memory/input-queue.ts';

const DAY = 86_400_000;

/** Messages with these groups, and with ids by their places. */
function received(groups: readonly (string | undefined)[], ordered = true): ReceivedMessage[] {
  const queue = new MemoryInputQueue({ now: () => 0, visibilityTimeoutSeconds: 30, ordered });
  for (const [place, group] of groups.entries()) queue.send('', {}, String(place), group);
  // A FIFO queue may deliver groups in any order.
  return queue.receive(groups.length).toSorted((a, b) => Number(a.id) - Number(b.id));
}

function idsOf(sequences: ReturnType<typeof sequencesOf>): string[][] {
  return sequences.map((sequence) => sequence.map(({ id }) => id));
}

describe('sequencesOf', () => {
  test('makes a group of an ordered queue one sequence, in the order of the messages', () => {
    const messages = received(['a', 'b', 'a', undefined, 'b', 'a', undefined]);
    expect(idsOf(sequencesOf(messages))).toEqual([['0', '2', '5'], ['1', '4'], ['3'], ['6']]);
  });

  test('makes each message of any other queue a sequence: its groups are only fair', () => {
    expect(idsOf(sequencesOf(received(['a', 'b', 'a'], false)))).toEqual([['0'], ['1'], ['2']]);
  });

  test('makes none of no messages', () => {
    expect(sequencesOf([])).toEqual([]);
  });
});

describe('runInOrder', () => {
  const later: Disposition = { action: 'retry', afterSeconds: 7 };

  async function run(...dispositions: readonly Disposition[]) {
    const [sequence] = sequencesOf(received(dispositions.map(() => 'group')));
    const started: string[] = [];
    let running = 0;
    const settlements = sequence
      ? await runInOrder(sequence, async ({ id }) => {
          started.push(id);
          expect(++running).toBe(1);
          await new Promise(setImmediate);
          running--;
          return dispositions[Number(id)] ?? ACK;
        })
      : [];
    return { started, settlements: settlements.map(([{ id }, disposition]) => [id, disposition]) };
  }

  test('runs one after another', async () => {
    const { started, settlements } = await run(ACK, DEAD_LETTER, ACK);
    expect(started).toEqual(['0', '1', '2']);
    expect(settlements).toEqual([
      ['0', ACK],
      ['1', DEAD_LETTER],
      ['2', ACK],
    ]);
  });

  test('hands back at once, without running them, the messages behind one that is retried', async () => {
    const { started, settlements } = await run(ACK, later, ACK, ACK);
    expect(started).toEqual(['0', '1']);
    expect(settlements).toEqual([
      ['0', ACK],
      ['1', later],
      ['2', { action: 'retry', afterSeconds: 0 }],
      ['3', { action: 'retry', afterSeconds: 0 }],
    ]);
  });
});

describe('GroupOrder', () => {
  test('starts a message of a group when those before it are settled, and others at once', async () => {
    const groups = fc.array(fc.constantFrom('a', 'b', undefined), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(groups, fc.scheduler(), async (given, scheduler) => {
        const order = new GroupOrder();
        const messages = received(given);
        const [running, ended] = [new Set<ReceivedMessage>(), [] as ReceivedMessage[]];
        const runs = messages.map((message) =>
          order.run(message, async () => {
            const ofItsGroup = [...running].filter(
              ({ group }) => group !== undefined && group === message.group,
            );
            expect(ofItsGroup).toEqual([]);
            running.add(message);
            await scheduler.schedule(Promise.resolve(), message.id);
            running.delete(message);
            ended.push(message);
            return ACK;
          }),
        );
        // One of each group, and all without a group.
        const first = (place: number) => given[place] === undefined || given.indexOf(given[place]) === place;
        expect(running.size).toBe(given.filter((_, place) => first(place)).length);
        await scheduler.waitFor(Promise.all(runs));
        for (const group of ['a', 'b']) {
          const inOrder = (all: readonly ReceivedMessage[]) => all.filter((each) => each.group === group);
          expect(inOrder(ended)).toEqual(inOrder(messages));
        }
      }),
    );
  });

  test('holds back what waits behind a message that goes back, and runs what is received after it', async () => {
    const order = new GroupOrder();
    const [head, behind, after] = received(['a', 'a', 'a']);
    if (!head || !behind || !after) throw new Error('three messages were expected');
    const seen: string[] = [];
    const run = (message: ReceivedMessage, disposition: Disposition) =>
      order.run(message, async (isHeldBack) => {
        seen.push(`${message.id} ${isHeldBack ? 'is held back' : 'runs'}`);
        await new Promise(setImmediate);
        return isHeldBack ? UNTOUCHED : disposition;
      });
    const goingBack = run(head, { action: 'retry', afterSeconds: 1 });
    const heldBack = run(behind, ACK);
    await goingBack;
    // The message behind isn't settled yet.
    const later = run(after, ACK);
    await Promise.all([heldBack, later]);
    expect(seen).toEqual(['0 runs', '1 is held back', '2 runs']);
  });
});

test('a message may go back if its queue holds its group, or if it has none', () => {
  const [ordered, alone] = received(['a', undefined]);
  const [unordered] = received(['a'], false);
  const notHeld = ordered && { ...ordered, source: { ...ordered.source, holdsGroups: false } };
  expect([ordered, alone, unordered, notHeld].map((each) => each && mayGoBack(each))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

describe('blocksItsGroup', () => {
  const settings = { onExhausted: 'block', inputRetentionSeconds: 2 * 86_400, retryCapSeconds: 900 } as const;
  const [ordered, alone] = received(['a', undefined]);
  const [unordered] = received(['a'], false);

  test.each([
    ['a request of a group', ordered, settings, 0, true],
    ['one that is skipped', ordered, { ...settings, onExhausted: 'skip' } as const, 0, false],
    ['one without a group', alone, settings, 0, false],
    ['one of a queue without order', unordered, settings, 0, false],
    ['one that the queue keeps for two more delays', ordered, settings, 2 * DAY - 1_800_000, true],
    ['one that the queue is about to delete', ordered, settings, 2 * DAY - 1_799_000, false],
  ])('%s', (_, message, given, now, blocks) => {
    expect(message && blocksItsGroup(message, given, now)).toBe(blocks);
  });
});
