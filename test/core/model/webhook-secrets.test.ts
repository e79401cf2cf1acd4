import { expect, test } from 'vitest';
import { parseSecrets } from '../../../lib/core/model/webhook-secrets.ts';

const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');
const SECRET = `whsec_${base64(24)}`;

test.each([
  [{ current: SECRET }, [SECRET]],
  [{ current: base64(64) }, [base64(64)]],
  [{ current: SECRET, previous: null }, [SECRET]],
  [{ current: SECRET, previous: `whsec_${base64(32)}`, note: 'x' }, [SECRET, `whsec_${base64(32)}`]],
])('%j', (value, secrets) => {
  expect(parseSecrets(JSON.stringify(value))).toEqual(secrets);
});

test.each([
  '',
  SECRET,
  '[]',
  '{}',
  JSON.stringify({ previous: SECRET }),
  JSON.stringify({ current: 1 }),
  JSON.stringify({ current: base64(23) }),
  JSON.stringify({ current: base64(65) }),
  JSON.stringify({ current: `${SECRET}\n` }),
  JSON.stringify({ current: SECRET, previous: 'short' }),
])('%j is refused, and not quoted', (text) => {
  const parsing = () => parseSecrets(text);
  expect(parsing).toThrow(/must be JSON|current secret is|previous secret is/);
  expect(parsing).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
  expect(parsing).not.toThrow(/BwcHBw|short/);
});

test('the secret that is missing is named, with how to make one', () => {
  const message =
    'A webhook secret must be whsec_ followed by the base64 of 24 to 64 bytes; the current secret is missing. ' +
    'To make one: echo whsec_$(openssl rand -base64 32)';
  expect(() => parseSecrets(JSON.stringify({ current: '' }))).toThrow(message);
});
