import type { Msg } from '@nats-io/transport-node';

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
export function serverMessageOf({ headers, data }: Pick<Msg, 'headers' | 'data'>): ServerMessage | undefined {
  // Markers have no body: what has one was published with this header, and nothing else has its content.
  if (headers?.has('Nats-Marker-Reason') && data.byteLength === 0) return 'marker';
  return headers?.has('Nats-Schedule') ? 'schedule' : undefined;
}
