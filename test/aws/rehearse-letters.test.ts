import { expect, test } from 'vitest';
import { openDeadLetter } from '../../lib/aws/dead-letter.ts';
import { isSeenBefore, rehearseLetters } from '../../lib/aws/rehearse-letters.ts';
import type { RehearsedMessage } from '../../lib/core/model/rehearsal.ts';
import { RehearsalDied, type Rehearser } from '../../lib/core/ports/rehearser.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { START, TestClock } from '../support/test-clock.ts';

const records = new RequestRecords(new MemoryRecordStore(), new TestClock().now, 30);

function letterOf(id: string, body = '{}') {
  const attributes = { RequestId: { DataType: 'String', StringValue: id } };
  const message = { id: `message-${id}`, body, attributes, sentAt: START, receiveCount: 1, receipt: id };
  return openDeadLetter(message, records);
}

/** Rehearses dead letters of these ids. @param answer how each call goes, by the ids of its messages */
async function rehearseAll(
  ids: readonly string[],
  answer: (ids: string[]) => readonly string[],
  body?: string,
) {
  const calls: string[][] = [];
  const rehearser: Pick<Rehearser, 'rehearse'> = {
    rehearse: async (messages: readonly RehearsedMessage[]) => {
      const called = messages.map(({ attributes }) => attributes.RequestId ?? '');
      calls.push(called);
      const started = answer(called);
      return messages.map(({ id: messageId }, index) => {
        const id = called[index] ?? '';
        if (!started.includes(id)) return { messageId };
        return { messageId, requests: [{ id, source: '', result: 'succeeds' as const }] };
      });
    },
  };
  const letters = await Promise.all(ids.map((id) => letterOf(id, body)));
  const signal = new AbortController().signal;
  const found = await rehearseLetters(letters, rehearser, signal);
  const results = found.flatMap(({ requests }) =>
    requests.map(({ id, result, code }) => [id, code ?? result]),
  );
  return { calls, results: Object.fromEntries(results) };
}

test('messages that a call had no time to start are in the next one', async () => {
  expect(await rehearseAll(['a', 'b', 'c'], (ids) => ids.slice(0, 2))).toEqual({
    calls: [['a', 'b', 'c'], ['c']],
    results: { a: 'succeeds', b: 'succeeds', c: 'succeeds' },
  });
});

test('those that no call has time to start stay undecided', async () => {
  expect(await rehearseAll(['a', 'b'], (ids) => (ids.length > 1 ? ['a'] : []))).toEqual({
    calls: [['a', 'b'], ['b']],
    results: { a: 'succeeds', b: 'attempt_not_started' },
  });
});

test('a message that ends the process is found among the others', async () => {
  const answer = (ids: string[]) => {
    if (ids.includes('b')) throw new RehearsalDied('out of memory', 'Runtime.OutOfMemory');
    return ids;
  };
  expect(await rehearseAll(['a', 'b', 'c'], answer)).toEqual({
    calls: [['a', 'b', 'c'], ['a'], ['b'], ['c']],
    results: { a: 'succeeds', b: 'Runtime.OutOfMemory', c: 'succeeds' },
  });
});

test('large messages take several calls, each within the limit of an invocation', async () => {
  const ids = Array.from({ length: 10 }, (_, index) => String(index));
  const quotes = '"'.repeat(1_000_000);
  const { calls } = await rehearseAll(ids, (all) => all, quotes);
  expect(calls.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2]);
});

test('of several dead letters of a request, one is rehearsed', async () => {
  const seen = new Set<string>();
  expect(isSeenBefore(await letterOf('a'), seen)).toBe(false);
  expect(isSeenBefore(await letterOf('b'), seen)).toBe(false);
  expect(isSeenBefore(await letterOf('a'), seen)).toBe(true);
});
