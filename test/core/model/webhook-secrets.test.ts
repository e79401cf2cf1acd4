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
  expect(parsing).toThrow(/The webhooks' secrets must be/);
  expect(parsing).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
  expect(parsing).not.toThrow(/BwcHBw|short/);
});
