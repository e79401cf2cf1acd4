import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodePauseMessage,
  encodePauseMessage,
  PAUSE_MAX_SECONDS,
} from '../../../lib/core/wire/pause-message.ts';

test('a message stays what it is: functions of two versions exchange them', () => {
  expect(encodePauseMessage({ type: 'resume', pauseId: 'p-1' })).toBe('{"type":"resume","pauseId":"p-1"}');
  expect(decodePauseMessage('{"type":"resume"}')).toEqual({ type: 'resume' });
  expect(encodePauseMessage({ type: 'pause', seconds: 30, reason: 'no database' })).toBe(
    '{"type":"pause","seconds":30,"reason":"no database"}',
  );
});

test('what is written is what is read', () => {
  const pauses = fc.record({
    type: fc.constant('pause' as const),
    seconds: fc.integer({ min: 1, max: PAUSE_MAX_SECONDS }),
    reason: fc.string({ minLength: 1 }).filter((reason) => reason.trim() !== ''),
  });
  fc.assert(
    fc.property(pauses, (pause) => {
      expect(decodePauseMessage(encodePauseMessage(pause))).toEqual(pause);
    }),
  );
});

test('messages about pauses of operators say which one', () => {
  const messages = [
    { type: 'operator-pause' },
    { type: 'operator-pause', since: 1_000 },
    { type: 'operator-pause-over', since: 1_000 },
  ] as const;
  for (const each of messages) expect(decodePauseMessage(encodePauseMessage(each))).toEqual(each);
});

test.each([
  ['{"type":"operator-pause","since":"now"}', 'since must be in milliseconds since 1970, got now'],
  ['{"type":"operator-pause-over"}', 'since must be in milliseconds since 1970, got undefined'],
  ['pause', 'The message is not JSON'],
  ['[]', 'it must be an object'],
  ['{"type":"stop"}', 'type must be pause, resume, operator-pause or operator-pause-over, got stop'],
  ['{"type":"pause","seconds":0,"reason":"x"}', 'seconds must be from 1 to 900, got 0'],
  ['{"type":"pause","seconds":901,"reason":"x"}', 'seconds must be from 1 to 900, got 901'],
  ['{"type":"pause","seconds":1.5,"reason":"x"}', 'seconds must be from 1 to 900, got 1.5'],
  ['{"type":"pause","seconds":"30","reason":"x"}', 'seconds must be from 1 to 900, got 30'],
  ['{"type":"pause","seconds":30}', 'reason'],
])('%s is refused: %s', (text, problem) => {
  expect(() => decodePauseMessage(text)).toThrow(problem);
});
