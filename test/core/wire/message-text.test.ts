import { expect, test } from 'vitest';
import { isMessageText, messageJson, utf8Text } from '../../../lib/core/wire/message-text.ts';

test.each([
  [[0x61, 0xc3, 0xbc], 'aü'],
  [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  [[], ''],
  [[0xc3, 0x28], undefined],
  [[0xed, 0xa0, 0x80], undefined],
  [[0xc0, 0x80], undefined],
])('the bytes %j read %j', (bytes, text) => {
  expect(utf8Text(Uint8Array.from(bytes))).toBe(text);
});

test.each(['a', '\t\n\r ', '\u007f', '\ud7ff', '\ue000', '\ufffd', '🧥', '\u{10ffff}'])(
  'SQS takes %j',
  (text) => {
    expect(isMessageText(text)).toBe(true);
  },
);

test.each(['', '\u0000', '\u0008', '\u000b', '\u001f', '\ufffe', '\uffff', '\ud800', 'a\udc00b'])(
  'SQS refuses %j',
  (text) => {
    expect(isMessageText(text)).toBe(false);
  },
);

test('JSON keeps its meaning', () => {
  const json = JSON.stringify(['\ufffe', '\uffff', '\\\ufffe', 'ü']);
  expect(JSON.parse(messageJson(json))).toEqual(JSON.parse(json));
  expect(isMessageText(messageJson(json))).toBe(true);
});
