import type { MsgHdrs } from '@nats-io/transport-node';

/**
 * The kind of a message that isn't meant for consumers, although the server delivers it to them:
 * - `marker`: the server deleted the last message of the subject because of its age. A stream with `subject_delete_marker_ttl` has
 *   such messages.
 * - `schedule`: the server publishes it later, or again and again, to another subject. A stream with `allow_msg_schedules` has
 *   such messages.
 */
export type ServerMessage = 'marker' | 'schedule';

/**
 * @returns undefined for a message that is for consumers
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-43.md
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-51.md
 */
export function serverMessageOf({ headers }: { readonly headers?: MsgHdrs }): ServerMessage | undefined {
  if (headers?.has('Nats-Marker-Reason')) return 'marker';
  return headers?.has('Nats-Schedule') ? 'schedule' : undefined;
}
