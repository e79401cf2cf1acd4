import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, type Group } from '@platformatic/kafka';
import { ConfigurationError } from '../../core/base/errors.ts';
import { clientOptions } from './client.ts';
import { type KafkaInputUrl, topicsOf } from './url.ts';

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

/** How long to wait while a group assigns its partitions: meanwhile it doesn't say what its members read. */
const REBALANCE_TIMEOUT_MILLISECONDS = 3_000;
const POLL_MILLISECONDS = 100;

/**
 * Checks that the members of a group read the topics that we read. The client that assigns the partitions of a group leaves
 * out topics that it doesn't read itself. Where the members aren't known, as in a new group, nothing is checked.
 * @throws ConfigurationError if one reads others
 */
export async function checkGroup(url: KafkaInputUrl): Promise<void> {
  const { address, group } = url;
  const ours = topicsOf(url).toSorted();
  const admin = new Admin(clientOptions(address, REQUEST_TIMEOUT_MILLISECONDS));
  try {
    const described = await describe(admin, group);
    for (const { metadata } of described?.members.values() ?? []) {
      const others = metadata?.topics ?? ours;
      if (others.toSorted().join() === ours.join()) continue;
      throw new ConfigurationError(
        `The group ${group} has members that read ${others.join(', ')}, not ${ours.join(' and ')}. Use a group for each topic, and another one for workers that keep order: choose another one by the parameter group`,
      );
    }
  } finally {
    await admin.close();
  }
}

async function describe(admin: Admin, group: string): Promise<Group | undefined> {
  const deadline = Date.now() + REBALANCE_TIMEOUT_MILLISECONDS;
  for (;;) {
    // A group that is new, or that the user may not describe, is unknown.
    const groups = await admin.describeGroups({ groups: [group] }).catch(() => undefined);
    const described = groups?.get(group);
    if (!described || !/rebalance/i.test(described.state) || Date.now() >= deadline) return described;
    await sleep(POLL_MILLISECONDS);
  }
}
