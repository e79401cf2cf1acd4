import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ticketKey, ticketOf } from '../../../lib/core/model/upload-key.ts';
import { requestIds } from '../../support/arbitrary.ts';

const ID = '019472a3-5b7c-7def-8123-456789abcdef';

const prefixes = fc.stringMatching(/^(?:[a-z0-9_][a-z0-9_.-]{0,10}\/){1,4}$/);
const tickets = fc.record(
  { id: fc.uuid({ version: 7 }), tenant: fc.oneof(requestIds, fc.constant('-')) },
  { requiredKeys: ['id'] },
);

test('a ticket written is the ticket read, under any prefix', () => {
  fc.assert(
    fc.property(prefixes, tickets, (prefix, ticket) => {
      expect(ticketOf(ticketKey(prefix, ticket))).toEqual({ ...ticket, source: '' });
    }),
    { numRuns: 500 },
  );
});

test('different tickets have different keys', () => {
  fc.assert(
    fc.property(tickets, tickets, (one, other) => {
      const same = one.id === other.id && one.tenant === other.tenant;
      expect(ticketKey('requests/', one) === ticketKey('requests/', other)).toBe(same);
    }),
  );
});

/** The tenant by `printf acme | basenc --base64url`, without padding. */
test.each([
  [undefined, `requests/tickets/-/${ID}`],
  ['acme', `requests/tickets/YWNtZQ/${ID}`],
  ['-', `requests/tickets/LQ/${ID}`],
  ['Größe/🧥', `requests/tickets/R3LDtsOfZS_wn6el/${ID}`],
  ['a>>b', `requests/tickets/YT4-Yg/${ID}`],
])('the key of a ticket of tenant %j stays what it is', (tenant, key) => {
  expect(ticketKey('requests/', { id: ID, tenant })).toBe(key);
  expect(ticketOf(key)).toEqual({ id: ID, source: '', tenant });
});

test('the longest tenant under the longest prefix has a key S3 takes', () => {
  const ticket = { id: ID, tenant: '漢'.repeat(128) };
  const key = ticketKey(`${'p'.repeat(127)}/`, ticket);
  expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
  expect(ticketOf(key)).toEqual({ ...ticket, source: '' });
});

describe('is no ticket:', () => {
  test.each([
    ['a key of the uploader’s choice', 'requests/a.csv'],
    ['nothing', ''],
    ['another folder', `requests/ticket/-/${ID}`],
    ['a folder that ends alike', `requests/mytickets/-/${ID}`],
    ['no owner', `requests/tickets/${ID}`],
    ['an empty owner', `requests/tickets//${ID}`],
    ['something behind it', `requests/tickets/-/${ID}/a`],
    ['a line behind it', `requests/tickets/-/${ID}\n`],
    ['an extension', `requests/tickets/-/${ID}.csv`],
    ['a folder between', `requests/tickets/-/a/${ID}`],
    ['a UUID of version 4', 'requests/tickets/-/019472a3-5b7c-4def-8123-456789abcdef'],
    ['a UUID of another variant', 'requests/tickets/-/019472a3-5b7c-7def-c123-456789abcdef'],
    ['a UUID in upper case', `requests/tickets/-/${ID.toUpperCase()}`],
    ['a UUID without hyphens', `requests/tickets/-/${ID.replaceAll('-', '')}`],
    ['base64 with padding', `requests/tickets/YWNtZQ==/${ID}`],
    ['base64 of the other alphabet', `requests/tickets/R3LDtsOfZS+wn6el/${ID}`],
    ['base64 with stray bits', `requests/tickets/YWNtZR/${ID}`],
    ['base64 of a length there is not', `requests/tickets/YWNtZ/${ID}`],
    ['bytes that are not UTF-8', `requests/tickets/_w/${ID}`],
    ['a tenant with a control character', `requests/tickets/YQBi/${ID}`],
    ['a tenant that is too long', `requests/tickets/${'YWFh'.repeat(43)}/${ID}`],
  ])('%s', (_, key) => {
    expect(ticketOf(key)).toBeUndefined();
  });

  test('a tenant of one letter too many, while one less is', () => {
    const key = (length: number) => ticketKey('requests/', { id: ID, tenant: 't'.repeat(length) });
    expect(ticketOf(key(128))).toBeDefined();
    expect(ticketOf(key(129))).toBeUndefined();
  });

  test('whatever no ticket was written as', () => {
    const letters = fc.string({
      unit: fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_'),
      maxLength: 8,
    });
    fc.assert(
      fc.property(letters, (owner) => {
        const key = `requests/tickets/${owner}/${ID}`;
        const ticket = ticketOf(key);
        if (ticket) expect(ticketKey('requests/', ticket)).toBe(key);
      }),
      { numRuns: 2_000 },
    );
  });
});
