import type { Deadline } from '../../lib/core/engine/deadline.ts';
import { type RehearsalParts, rehearse } from '../../lib/core/engine/rehearsal.ts';
import type { RehearsalEvent, RehearsalResponse } from '../../lib/core/model/rehearsal-event.ts';

/** Rehearses the messages of an event. A module of its own, which is loaded only for such events. */
export async function rehearseEvent(
  { messages }: RehearsalEvent,
  parts: RehearsalParts,
  deadline: Deadline,
): Promise<RehearsalResponse> {
  const { handlerVersion } = parts.settings;
  return {
    messages: await rehearse(messages, parts, deadline),
    ...(handlerVersion !== undefined && { handlerVersion }),
  };
}
