import type { Decoded } from '../model/decoded-request.ts';
import { payloadDigest } from '../model/pinned-payload.ts';
import type { Delivery } from '../model/received-message.ts';
import { identityDigest } from '../model/request-id.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { decode } from '../wire/decode.ts';
import type { EngineSettings } from './engine-settings.ts';
import { isOffloaded } from './offloaded.ts';

/** One request of a batch, with all the messages that carry it. */
export interface Task {
  readonly decoded: Decoded;
  readonly deliveries: readonly [Delivery, ...Delivery[]];
}

/**
 * The requests of the deliveries, each once: a duplicate within a batch is the same request, unless it brings another
 * payload, of which the request's record knows what to do with it. A message that can't be
 * decoded stands for itself: whatever id it claims, it must not decide about another one. So does one that an extended
 * client stored: its requests are known only when it is read. Those delivered most often
 * come first: what goes back unbegun too often ends in the dead-letter queue.
 */
export function tasksOf(deliveries: readonly Delivery[], settings: EngineSettings): Task[] {
  const tasks = new Map<string, { decoded: Decoded; deliveries: [Delivery, ...Delivery[]] }[]>();
  for (const delivery of deliveries) {
    for (const decoded of decode(delivery, settings)) {
      const identity = identityDigest(
        'rejection' in decoded || isOffloaded(decoded) ? delivery.id : '',
        decoded,
      );
      const ofRequest = tasks.get(identity) ?? [];
      const same = ofRequest.find((task) => isSamePayload(task.decoded, decoded));
      if (same) same.deliveries.push(delivery);
      else tasks.set(identity, [...ofRequest, { decoded, deliveries: [delivery] }]);
    }
  }
  return [...tasks.values()].flat().toSorted((a, b) => receivesOf(b) - receivesOf(a));
}

function isSamePayload(one: Decoded, other: Decoded): boolean {
  if ('rejection' in one || 'rejection' in other) return true;
  return payloadDigest(one) === payloadDigest(other);
}

/** How often its first message was received. */
export function receivesOf({ deliveries: [first] }: Task): number {
  return first.attempt;
}

/** When a request was handed in, in milliseconds since 1970: as its envelope says, else when its first message was sent. */
export function handedInAt({ decoded, deliveries }: Task): number {
  const submittedAt = 'rejection' in decoded ? undefined : decoded.submittedAt;
  return submittedAt ?? Math.min(...deliveries.map(({ sentAt }) => sentAt));
}

/**
 * The message that speaks for a request with several: the dead letter of the latest redrive, if any was put back, else the
 * one sent last. A letter of an earlier redrive changes nothing, and must not have the latest one acknowledged.
 */
export function latestOf({ deliveries }: Task): Delivery {
  return deliveries.reduce((latest, delivery) => (isLater(delivery, latest) ? delivery : latest));
}

function isLater(one: Delivery, other: Delivery): boolean {
  const later = redriveOf(one) - redriveOf(other);
  return later > 0 || (later === 0 && one.sentAt > other.sentAt);
}

/** -1 of a message that is no dead letter, or doesn't say so. */
function redriveOf({ attributes }: Delivery): number {
  return Number(attributes[ATTRIBUTES.deadLetterRedrives] ?? -1);
}
