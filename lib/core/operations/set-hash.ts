import { hash } from 'node:crypto';
import type { ActionTarget } from '../model/action.ts';
import { identityDigest } from '../model/request-id.ts';

/**
 * A digest of a set of requests, independent of their order. It includes dead letters: a request that ran again and failed
 * again has another one.
 */
export class SetHash {
  readonly #members: string[] = [];

  add(targets: readonly ActionTarget[]): void {
    for (const target of targets) {
      this.#members.push(`${identityDigest('record', target)} ${target.letter ?? ''}`);
    }
  }

  digest(): string {
    return hash('sha256', this.#members.sort().join('\n'));
  }
}
