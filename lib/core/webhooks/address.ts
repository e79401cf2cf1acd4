import ipaddr from 'ipaddr.js';
import type { Callbacks } from '../config/settings.ts';

/** All that is public in IPv6. @see https://www.iana.org/assignments/ipv6-address-space */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * Whether a callback may connect to an address: only to a public one. Loopback, private, link-local (instance metadata
 * among them), carrier-grade NAT, multicast and reserved ones aren't, nor those of IPv6 that wrap one of IPv4.
 */
export function isReachable(address: string, callbacks: Callbacks): boolean {
  if (callbacks === 'off' || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (callbacks === 'local' && range === 'loopback') return true;
  return range === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
}
