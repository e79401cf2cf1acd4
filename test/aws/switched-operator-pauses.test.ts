import { expect, test } from 'vitest';
import { SwitchedOperatorPauses } from '../../lib/aws/switched-operator-pauses.ts';
import { decodePauseMessage } from '../../lib/core/wire/pause-message.ts';
import { MemoryOperatorPauses } from '../../lib/stores/memory/operator-pauses.ts';

const PAUSE = { until: 2_000, since: 1_000, reason: 'a migration', by: 'Ann' };

/** @param killedAfter messages that are sent before the process dies */
function open(killedAfter = Number.POSITIVE_INFINITY) {
  const store = new MemoryOperatorPauses();
  const steps: unknown[] = [];
  const send = async (message: string, delaySeconds: number) => {
    if (steps.length >= killedAfter) throw new Error('killed');
    steps.push([decodePauseMessage(message), delaySeconds, await store.read()]);
  };
  return { store, steps, pauses: new SwitchedOperatorPauses(store, { send }) };
}

test('a message comes at once, and another after a call that was killed', async () => {
  const { pauses, steps } = open();
  const message = { type: 'operator-pause', since: 1_000 };
  await pauses.write(PAUSE);
  expect(steps).toEqual([
    [message, 30, undefined],
    [message, 0, PAUSE],
  ]);
  expect(await pauses.read()).toEqual(PAUSE);
});

test('the end of a pause is sent in the same way', async () => {
  const { pauses, steps, store } = open();
  await store.write(PAUSE);
  await pauses.write(undefined);
  expect(steps).toEqual([
    [{ type: 'operator-pause' }, 30, PAUSE],
    [{ type: 'operator-pause' }, 0, undefined],
  ]);
});

test('killed before its first message, a call changes nothing', async () => {
  const { pauses, store } = open(0);
  await expect(pauses.write(PAUSE)).rejects.toThrow('killed');
  expect(await store.read()).toBeUndefined();
});

test('killed after it has written, a call has sent the message that follows it', async () => {
  const { pauses, store, steps } = open(1);
  await expect(pauses.write(PAUSE)).rejects.toThrow('killed');
  expect(await store.read()).toEqual(PAUSE);
  expect(steps).toHaveLength(1);
});
