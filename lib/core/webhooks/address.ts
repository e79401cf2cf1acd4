import ipaddr from 'ipaddr.js';
import type { Callbacks } from '../config/settings.ts';

/** All public IPv6 addresses. @see https://www.iana.org/assignments/ipv6-address-space */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * Whether a callback may connect to an address. Only public addresses are allowed: no loopback, private, link-local
 * (such as instance metadata), carrier-grade NAT, multicast or reserved ones, and no IPv6 addresses that wrap an IPv4
 * address.
 */
export function isReachable(address: string, callbacks: Callbacks): boolean {
  if (callbacks === 'off' || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (callbacks === 'local' && range === 'loopback') return true;
  return range === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
}
