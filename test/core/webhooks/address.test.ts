import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isReachable } from '../../../lib/core/webhooks/address.ts';

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '52.94.5.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '2606:4700::1111',
];

const PRIVATE = {
  'this host': ['0.0.0.0', '0.1.2.3', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'instance metadata': [
    '169.254.169.254',
    'fd00:ec2::254',
    '169.254.170.2',
    '169.254.170.23',
    'fd00:ec2::23',
  ],
  'link-local': ['169.254.0.1', '169.254.100.1', 'fe80::1', 'fe80::1%eth0'],
  'unique local': ['fc00::1', 'fdff::1'],
  'site-local': ['fec0::1'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  broadcast: ['255.255.255.255'],
  reserved: [
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
  ],
  'IPv4 inside IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001:0:53aa:64c::80ff:fffe',
  ],
  'outside of what is public': ['4000::1', '5f00::1', '100::1', 'e000::1'],
  'no addresses': [
    '',
    'localhost',
    'example.com',
    '1.2.3.4.5',
    '8.8.8.8:443',
    '[2606:4700::1111]',
    ' 8.8.8.8',
  ],
};

test.each(PUBLIC)('%s is public', (address) => {
  expect(isReachable(address, 'public')).toBe(true);
});

describe.each(Object.entries(PRIVATE))('%s', (_, addresses) => {
  test.each(addresses)("%s isn't public", (address) => {
    expect(isReachable(address, 'public')).toBe(false);
  });
});

test('local: this machine as well, and nothing else', () => {
  const allowed = Object.entries(PRIVATE).flatMap(([, all]) =>
    all.filter((one) => isReachable(one, 'local')),
  );
  expect(allowed).toEqual(PRIVATE.loopback);
  expect(PUBLIC.filter((address) => !isReachable(address, 'local'))).toEqual([]);
});

test('off: nothing', () => {
  expect(PUBLIC.filter((address) => isReachable(address, 'off'))).toEqual([]);
});

test('no address that wraps one of IPv4 is public', () => {
  const wrappings = [(a: string) => `::ffff:${a}`, (a: string) => `::${a}`, (a: string) => `64:ff9b::${a}`];
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom(...wrappings), (address, wrapped) => {
      expect(isReachable(wrapped(address), 'public')).toBe(false);
    }),
  );
});
