import { expect, test } from 'vitest';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { protectWhileBusy } from '../../lib/worker/scale-in-protection.ts';
import { eventually } from '../support/eventually.ts';
import { TestClock } from '../support/test-clock.ts';

function start() {
  const clock = new TestClock();
  const logger = new CollectingLogger();
  const calls: (number | 'release')[] = [];
  const state = { busy: false, fails: false, looks: 0 };
  const call = async (what: number | 'release') => {
    calls.push(what);
    if (state.fails) throw new Error('DEPLOYMENT_BLOCKED');
  };
  const keeping = protectWhileBusy({
    protection: { protect: (minutes) => call(minutes), release: () => call('release') },
    isBusy: () => {
      state.looks++;
      return state.busy;
    },
    clock,
    logger,
    intervalMilliseconds: 1,
  });
  return {
    calls,
    state,
    logger,
    /** Lets it look after a time, twice: the second look begins when the first one is over. */
    async after(seconds: number) {
      clock.advanceSeconds(seconds);
      const { looks } = state;
      await eventually(() => expect(state.looks).toBeGreaterThan(looks + 1));
    },
    [Symbol.asyncDispose]: () => keeping[Symbol.asyncDispose](),
  };
}

test('an idle process asks for nothing', async () => {
  await using process = start();
  await process.after(3_600);
  expect(process.calls).toEqual([]);
});

test('a busy process is protected, and the protection is renewed while it is busy', async () => {
  await using process = start();
  process.state.busy = true;
  await process.after(0);
  await process.after(299);
  expect(process.calls).toEqual([15]);
  await process.after(1);
  expect(process.calls).toEqual([15, 15]);
});

test('the protection ends when the process was idle for half a minute, not between two jobs', async () => {
  await using process = start();
  process.state.busy = true;
  await process.after(0);
  process.state.busy = false;
  await process.after(29);
  process.state.busy = true;
  await process.after(0);
  process.state.busy = false;
  await process.after(29);
  expect(process.calls).toEqual([15]);
  await process.after(1);
  expect(process.calls).toEqual([15, 'release']);
  await process.after(3_600);
  expect(process.calls).toEqual([15, 'release']);
});

test('a call that fails is logged and repeated after half a minute', async () => {
  await using process = start();
  process.state.busy = true;
  process.state.fails = true;
  await process.after(0);
  await process.after(29);
  expect(process.calls).toEqual([15]);
  expect(process.logger.lines).toMatchObject([
    { level: 'warn', message: 'The scale-in protection of this task could not be changed' },
  ]);
  process.state.fails = false;
  await process.after(1);
  expect(process.calls).toEqual([15, 15]);
});

test('a protection that may have begun although its call failed is ended', async () => {
  await using process = start();
  process.state.busy = true;
  process.state.fails = true;
  await process.after(0);
  process.state.busy = false;
  process.state.fails = false;
  await process.after(30);
  expect(process.calls).toEqual([15, 'release']);
});
