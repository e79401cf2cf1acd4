import { isObject } from '../base/json-object.ts';
import type { MessageRehearsal, RehearsedMessage } from './rehearsal.ts';

/** Invokes the function of a processor to rehearse messages. No event source has such an event. */
export interface RehearsalEvent {
  readonly coatcheck: 'rehearse';
  readonly messages: readonly RehearsedMessage[];
}

/** The answer to a {@link RehearsalEvent}. */
export interface RehearsalResponse {
  /** In the order of the event. */
  readonly messages: readonly MessageRehearsal[];
  /** The version of the code, if it has one. */
  readonly handlerVersion?: string;
}

/** Whether a function is invoked to rehearse messages. */
export function isRehearsalEvent(event: unknown): event is RehearsalEvent {
  return isObject(event) && event.coatcheck === 'rehearse' && Array.isArray(event.messages);
}
