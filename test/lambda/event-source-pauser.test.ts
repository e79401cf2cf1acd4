import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { QueueMessage } from '../../lib/core/model/received-message.ts';
import { encodePauseMessage, type PauseMessage } from '../../lib/core/wire/pause-message.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { delivery } from '../support/delivery.ts';
import { MemoryEventSource } from '../support/memory-event-source.ts';
import { START, TestClock } from '../support/test-clock.ts';

const PAUSE: PauseMessage = { type: 'pause', seconds: 60, reason: 'no database' };

function resumeOf(pauseId: string): PauseMessage {
  return { type: 'resume', pauseId };
}

let source: MemoryEventSource;
let clock: TestClock;
let sent: { message: string; delaySeconds: number }[];
let counted: string[];
let queueFails: boolean;
let deferrals: number[];
let breaker: Breaker;

beforeEach(() => {
  source = new MemoryEventSource();
  clock = new TestClock();
  sent = [];
  counted = [];
  queueFails = false;
  deferrals = [];
  breaker = new Breaker({
    source,
    queue: {
      send: async (message, delaySeconds) => {
        if (queueFails) throw new Error('no queue');
        sent.push({ message, delaySeconds });
      },
    },
    metrics: { count: (name) => void counted.push(name) },
    now: () => clock.now(),
    logger: new CollectingLogger(),
  });
});

/** Runs messages one after another. @returns the ids of those to be delivered again */
async function runAll(messages: readonly QueueMessage[]): Promise<string[]> {
  const again: string[] = [];
  for (const each of messages) {
    const disposition = await breaker.run(each);
    if (disposition.action !== 'retry') continue;
    deferrals.push(disposition.afterSeconds);
    again.push(each.id);
  }
  return again;
}

let ids = 0;

function message(said: PauseMessage, sentAt = clock.now()) {
  return delivery(encodePauseMessage(said), { id: `m-${++ids}`, sentAt });
}

/** The message that ends the pause that began last. */
function endOfLast(): QueueMessage {
  const { message = '' } = sent.at(-1) ?? {};
  return delivery(message, { id: `m-${++ids}` });
}

test('a pause turns the source off and sees to it that it is turned on again', async () => {
  expect(await runAll([message(PAUSE)])).toEqual([]);
  expect(source.enabled).toBe(false);
  const [pauseId = '', ...others] = source.pauses.keys();
  expect(others).toEqual([]);
  expect(sent).toEqual([{ message: encodePauseMessage(resumeOf(pauseId)), delaySeconds: 60 }]);
  expect(await runAll([endOfLast()])).toEqual([]);
  expect(source.enabled).toBe(true);
  expect(source.pauses.size).toBe(0);
  expect(counted).toEqual(['Paused', 'Resumed']);
});

describe.each([1, 10, 29, 30])('a pause of %i seconds ends', (seconds) => {
  const deliverDue = async () => {
    const due = sent.filter(({ delaySeconds }) => START + delaySeconds * 1000 <= clock.now());
    sent = sent.filter((each) => !due.includes(each));
    await runAll(due.map((each) => delivery(each.message, { id: `m-${++ids}` })));
  };

  beforeEach(() => {
    source.around = async (call, effect) => {
      if (call === 'disable') {
        clock.time += 24_000;
        await deliverDue();
      }
      return effect();
    };
  });

  test('however slowly it begins', async () => {
    await runAll([message({ ...PAUSE, seconds })]);
    expect(source.enabled).toBe(false);
    clock.time = START + (24 + seconds) * 1000;
    await deliverDue();
    expect(source.enabled).toBe(true);
  });

  test('also when the breaker is killed as soon as it has begun', async () => {
    await runAll([message({ ...PAUSE, seconds })]);
    sent.splice(1);
    clock.time = START + 30_000;
    await deliverDue();
    expect(source.enabled).toBe(true);
  });
});

test('a pause that is made late is over when it was to be', async () => {
  await runAll([message({ ...PAUSE, seconds: 900 }, clock.now() - 840_500)]);
  expect(sent).toMatchObject([{ delaySeconds: 60 }]);
});

test('a clock that is behind the queue’s makes no pause longer', async () => {
  await runAll([message(PAUSE, clock.now() + 5_000)]);
  expect(sent).toMatchObject([{ delaySeconds: 60 }]);
});

test('several that are asked for at once are one', async () => {
  await runAll([message(PAUSE), message({ ...PAUSE, seconds: 90 }), message(PAUSE)]);
  expect(sent).toHaveLength(1);
  expect(counted).toEqual(['Paused']);
});

test('a source an operator has turned off stays off', async () => {
  source.enabled = false;
  await runAll([message(PAUSE)]);
  expect(sent).toEqual([]);
});

test('a source that is on needs no resuming, and its pause is over', async () => {
  source.busy = true;
  source.pauses.set('p-1', clock.now());
  expect(await runAll([message(resumeOf('p-1'))])).toEqual([]);
  expect(counted).toEqual([]);
  expect(source.pauses.size).toBe(0);
});

describe('C1: what is left over of a pause', () => {
  const short = { ...PAUSE, seconds: 2 };

  test('doesn’t turn on what an operator has turned off since', async () => {
    await runAll([message(short)]);
    const end = endOfLast();
    clock.advanceSeconds(2);
    await runAll([end]);
    source.enabled = false;
    await runAll([end]);
    expect(source.enabled).toBe(false);
    expect(counted).toEqual(['Paused', 'Resumed']);
  });

  test('ends no later pause', async () => {
    await runAll([message(short)]);
    const end = endOfLast();
    await runAll([end, message({ ...PAUSE, seconds: 900 })]);
    await runAll([end]);
    expect(source.enabled).toBe(false);
    await runAll([endOfLast()]);
    expect(source.enabled).toBe(true);
  });
});

describe('what is left over of pauses whose messages fail', () => {
  /** A source that has room for as many as Lambda has for tags. */
  const withRoom = (most: number) => {
    source.around = async (call, effect) => {
      if (call === 'addPause' && source.pauses.size >= most) throw new Error('too many tags');
      return effect();
    };
  };

  test('leaves room for a pause, and does nothing later', async () => {
    withRoom(50);
    for (let each = 0; each < 60; each++) {
      const pause = message({ ...PAUSE, seconds: 1 });
      expect(await runAll([pause])).toEqual([]);
      expect(source.enabled).toBe(false);
      // The function is killed before it removes the pause.
      source.enabled = true;
      clock.advanceSeconds(32);
    }
    expect(source.pauses.size).toBe(1);
    source.enabled = false;
    const [oldest] = sent;
    await runAll([delivery(oldest?.message ?? '', { id: 'oldest' })]);
    expect(source.enabled).toBe(false);
  });

  test('stays as long as it may still turn the source off, or is of an earlier version', async () => {
    source.pauses
      .set('begins', clock.now() - 30_000)
      .set('lasts', clock.now() + 1_000)
      .set('earlier', 0);
    source.pauses.set('over', clock.now() - 30_001);
    await runAll([message(PAUSE)]);
    expect([...source.pauses.keys()]).toEqual([
      'begins',
      'lasts',
      'earlier',
      expect.stringMatching(/^[\w-]{36}$/),
    ]);
  });
});

describe('pauses that begin at the same time', () => {
  test('end when the last of them does', async () => {
    const until = clock.now() + 600_000;
    await runAll([message(PAUSE)]);
    const end = endOfLast();
    source.pauses.set('p-2', until);
    clock.advanceSeconds(60);
    await runAll([end]);
    expect(source.enabled).toBe(false);
    expect(sent.at(-1)).toEqual({ message: end.body, delaySeconds: 540 });
    clock.time = until;
    await runAll([message(resumeOf('p-2')), endOfLast()]);
    expect(source.enabled).toBe(true);
    expect(source.pauses.size).toBe(0);
  });

  test('a retry while the first try ends is a pause of its own', async () => {
    const pause = message(PAUSE);
    source.around = async (call, effect) => {
      const value = effect();
      if (call === 'addPause') throw new Error('killed');
      return value;
    };
    expect(await runAll([pause])).toEqual([pause.id]);
    const end = endOfLast();
    source.around = async (call, effect) => {
      if (call === 'removePause') {
        source.around = async (_, each) => each();
        await runAll([pause]);
      }
      return effect();
    };
    await runAll([end]);
    expect(source.enabled).toBe(false);
    clock.advanceSeconds(60);
    await runAll([endOfLast()]);
    expect(source.enabled).toBe(true);
    expect(source.pauses.size).toBe(0);
  });
});

test('a pause whose time is over isn’t made', async () => {
  await runAll([message(PAUSE, clock.now() - 60_000)]);
  expect(source.enabled).toBe(true);
  await runAll([message(PAUSE, clock.now() - 59_999)]);
  expect(source.enabled).toBe(false);
});

test('a source isn’t turned off when the message that turns it on could come before that', async () => {
  source.around = async (call, effect) => {
    if (call === 'addPause') clock.time += 5_001;
    return effect();
  };
  const pause = message(PAUSE);
  expect(await runAll([pause])).toEqual([pause.id]);
  expect(source.enabled).toBe(true);
  await runAll([endOfLast()]);
  expect(source.pauses.size).toBe(0);
});

test('without a way back nothing is turned off', async () => {
  queueFails = true;
  const pause = message(PAUSE);
  expect(await runAll([pause])).toEqual([pause.id]);
  expect(source.enabled).toBe(true);
});

test('what can’t be done now is tried again, and doesn’t hold up the rest', async () => {
  source.enabled = false;
  source.busy = true;
  source.pauses.set('p-1', clock.now());
  const resume = message(resumeOf('p-1'));
  const nonsense = delivery('nonsense', { id: 'nonsense' });
  expect(await runAll([nonsense, resume])).toEqual(['nonsense', resume.id]);
  source.busy = false;
  expect(await runAll([resume])).toEqual([]);
  expect(source.enabled).toBe(true);
});

test.each([
  [1, 10],
  [3, 40],
  [7, 600],
  [200, 600],
])('what can’t be done the %i. time is tried again after %i s', async (attempt, seconds) => {
  source.enabled = false;
  source.busy = true;
  source.pauses.set('p-1', clock.now());
  await runAll([{ ...message(resumeOf('p-1')), deliveryCount: attempt }]);
  expect(deferrals).toEqual([seconds]);
});

test('however messages are repeated, reordered and refused, the source is on when all are delivered', async () => {
  const step = fc.record({
    waitSeconds: fc.integer({ min: 0, max: 200 }),
    pause: fc.boolean(),
    busy: fc.boolean(),
    queueFails: fc.boolean(),
    twice: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      source.enabled = true;
      source.pauses.clear();
      sent = [];
      const waiting: { at: number; id: string; body: string; sentAt: number }[] = [];
      const deliver = async (twice: boolean) => {
        const due = waiting.filter(({ at }) => at <= clock.now());
        for (const each of due) {
          waiting.splice(waiting.indexOf(each), 1);
          const { id, body, sentAt } = each;
          const [failed] = await runAll([delivery(body, { id, sentAt })]);
          if (failed || twice) waiting.push({ ...each, at: clock.now() + 120_000 });
          for (const { message: body, delaySeconds } of sent.splice(0)) {
            const at = clock.now() + delaySeconds * 1000;
            waiting.push({ at, id: `m-${++ids}`, body, sentAt: clock.now() });
          }
        }
      };
      for (const each of steps) {
        clock.time += each.waitSeconds * 1000;
        source.busy = each.busy;
        queueFails = each.queueFails;
        const at = clock.now();
        if (each.pause) waiting.push({ at, id: `m-${++ids}`, body: encodePauseMessage(PAUSE), sentAt: at });
        await deliver(each.twice);
      }
      source.busy = false;
      queueFails = false;
      while (waiting.length > 0) {
        clock.time += 60_000;
        await deliver(false);
      }
      expect(source.enabled).toBe(true);
      expect(source.pauses.size).toBe(0);
    }),
  );
});
