import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { signedHeaders } from '../../../lib/core/webhooks/signature.ts';
import knownAnswers from './known-answers.json' with { type: 'json' };

const CURRENT = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const PREVIOUS = 'whsec_plJ3nmyCDGBKInavdOK15jsl';
const OTHER = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

test.each(knownAnswers)(
  '$id with $secret: as the Python library signs',
  ({ secret, id, seconds, body, signature }) => {
    expect(signedHeaders(id, body, [secret], seconds * 1000)).toEqual({
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signature,
    });
  },
);

test('while secrets change, both are good to verify with and no other is', () => {
  const headers = signedHeaders('id-1', '{"a":1}', [CURRENT, PREVIOUS], Date.now());
  for (const secret of [CURRENT, PREVIOUS]) {
    expect(new Webhook(secret).verify('{"a":1}', headers)).toEqual({ a: 1 });
  }
  expect(() => new Webhook(OTHER).verify('{"a":1}', headers)).toThrow();
  expect(() => new Webhook(CURRENT).verify('{"a":2}', headers)).toThrow();
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
});
