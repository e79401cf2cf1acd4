import { hash } from 'node:crypto';
import type { ActionTarget } from '../model/action.ts';
import { identityDigest } from '../model/request-id.ts';

/**
 * A digest of a set of requests, whatever their order. A dead letter counts, not only its request: one that ran again and failed again
 * is another.
 */
export function setHash(targets: readonly ActionTarget[]): string {
  const members = targets.map((target) => `${identityDigest('record', target)} ${target.letter ?? ''}`);
  return hash('sha256', members.sort().join('\n'));
}
