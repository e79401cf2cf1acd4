import { expect, test } from 'vitest';
import { decodeEntry, encodeFields, sizeOfFields } from '../../../lib/brokers/redis/entry.ts';
import type { OutputMessage } from '../../../lib/core/ports/message-sink.ts';

const BYTES = Buffer.from([0, 255]);

function decode(fields: readonly (string | Buffer)[], { bodyField = 'body', id = '1700000000000-0' } = {}) {
  const buffers = fields.map((field) => Buffer.from(field));
  return decodeEntry({ id, fields: buffers, deliveryCount: 2 }, { stream: 'orders', bodyField });
}

test('one field is the body, the others are attributes', () => {
  expect(decode(['RequestId', 'r-1', 'body', 'żółć 🧥', 'blob', BYTES, '__proto__', 'p'])).toEqual({
    id: 'orders:1700000000000-0',
    body: 'żółć 🧥',
    attributes: Object.fromEntries([
      ['RequestId', 'r-1'],
      ['__proto__', 'p'],
    ]),
    typedAttributes: { blob: { type: 'Binary', value: new Uint8Array(BYTES) } },
    deliveryCount: 2,
    sentAt: 1_700_000_000_000,
  });
});

test('the URL may name another field', () => {
  expect(decode(['payload', '{}', 'body', 'b'], { bodyField: 'payload' })).toMatchObject({
    body: '{}',
    attributes: { body: 'b' },
  });
});

test('a body that is not UTF-8 is bytes', () => {
  expect(decode(['body', BYTES])).toMatchObject({ body: '', bytes: new Uint8Array(BYTES) });
});

test.each([
  ['all fields', ['b', '1', 'a', 'x', '10', 'y'], { b: '1', a: 'x', 10: 'y' }],
  ['a repeated field', ['a', '1', 'a', '2'], { a: ['1', '2'] }],
  ['bytes', ['a', '1', 'b', BYTES], { a: '1', b_base64: 'AP8=' }],
])('without a body, the body is JSON: %s', (_, fields, json) => {
  const { body, attributes } = decode(fields);
  expect(JSON.parse(body)).toEqual(json);
  expect(attributes).toEqual({});
});

test('without a body, a field named __proto__ is kept', () => {
  expect(decode(['__proto__', '1']).body).toBe('{"__proto__":"1"}');
});

test('an id that is no time was sent now', () => {
  const before = Date.now();
  const { sentAt } = decode(['body', ''], { id: '5-1' });
  expect(sentAt).toBeGreaterThanOrEqual(before);
});

test.each(['{', '[]', '{"a":1}'])('types that another sender wrote as %s are ignored', (types) => {
  expect(decode(['body', '', 'a', '1', 'coatcheck-types', types])).toMatchObject({ attributes: { a: '1' } });
});

test('a message keeps its types, bytes and group', () => {
  const message: OutputMessage = {
    body: '',
    bytes: new Uint8Array(BYTES),
    attributes: {
      text: { type: 'String', value: 'Größe' },
      size: { type: 'Number', value: '300000' },
      blob: { type: 'Binary.png', value: new Uint8Array(Buffer.from('text')) },
    },
    group: 'g',
  };
  const fields = encodeFields(message);
  expect(decode(fields)).toMatchObject({
    bytes: message.bytes,
    attributes: { text: 'Größe', size: '300000' },
    typedAttributes: { size: message.attributes.size, blob: message.attributes.blob },
    group: 'g',
  });
  expect(sizeOfFields(fields)).toBe(Buffer.concat(fields.map((field) => Buffer.from(field))).length);
});

test.each(['body', 'coatcheck-types', 'coatcheck-group'])('an attribute named %s is refused', (name) => {
  const encode = () => encodeFields({ body: '', attributes: { [name]: { type: 'String', value: '' } } });
  expect(encode).toThrow(`an attribute can't be named ${name}`);
});
