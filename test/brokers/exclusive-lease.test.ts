import { expect, onTestFinished, test, vi } from 'vitest';
import { ExclusiveLease, type LeaseStore } from '../../lib/brokers/exclusive-lease.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';

/** A server that keeps one lease, and its state. */
class LeaseServer {
  holder: string | undefined;
  isReachable = true;

  storeOf(worker: string): LeaseStore {
    return {
      take: async () => {
        if (!this.isReachable) throw new Error('no connection');
        this.holder ??= worker;
        return this.holder === worker;
      },
      release: async () => {
        if (this.holder === worker) this.holder = undefined;
      },
    };
  }
}

function hold(server: LeaseServer, worker: string, seconds = 0.03) {
  const logger = new CollectingLogger();
  const onLost = vi.fn();
  const lease = new ExclusiveLease({ store: server.storeOf(worker), seconds, queue: 'q', logger, onLost });
  onTestFinished(() => lease[Symbol.asyncDispose]());
  const isHeld = vi.fn();
  lease.held.then(isHeld, () => {});
  return { lease, isHeld, onLost, logged: () => logger.lines.map(({ message }) => message) };
}

test('one worker at a time has it, and the next one as soon as that one gives it up', async () => {
  const server = new LeaseServer();
  const first = hold(server, 'a');
  await first.lease.held;
  const second = hold(server, 'b');
  await eventually(() => expect(second.logged()).toEqual(['This worker stands by: another one receives']));
  expect(second.isHeld).not.toHaveBeenCalled();
  await first.lease[Symbol.asyncDispose]();
  await eventually(() => expect(second.isHeld).toHaveBeenCalled());
  expect(server.holder).toBe('b');
  expect(first.logged()).toEqual([]);
  expect(second.logged().at(-1)).toBe('This worker receives now');
  expect(second.onLost).not.toHaveBeenCalled();
});

test('it is lost when another worker has it, or the server does not answer', async () => {
  const server = new LeaseServer();
  const [taken, cut] = [hold(server, 'a'), hold(new LeaseServer(), 'a')];
  await taken.lease.held;
  server.holder = 'b';
  await eventually(() =>
    expect(taken.onLost).toHaveBeenCalledExactlyOnceWith(new Error('another worker receives from q now')),
  );
  expect(cut.onLost).not.toHaveBeenCalled();
  const unreachable = new LeaseServer();
  unreachable.isReachable = false;
  const never = hold(unreachable, 'a');
  await expect(never.lease.held).rejects.toThrow('no connection');
  expect(never.onLost).toHaveBeenCalledOnce();
});

test('what waits for it ends when it is given up, and nothing is taken away from another worker', async () => {
  const server = new LeaseServer();
  server.holder = 'b';
  const { lease, onLost } = hold(server, 'a');
  await lease[Symbol.asyncDispose]();
  await expect(lease.held).rejects.toThrow('the queue was closed');
  expect(server.holder).toBe('b');
  expect(onLost).not.toHaveBeenCalled();
});
