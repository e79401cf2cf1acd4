import { EVENTBRIDGE_MAX_ENTRIES, EVENTBRIDGE_MAX_REQUEST_BYTES } from '../../core/config/aws-limits.ts';
import {
  type BusEvent,
  type EventBus,
  PAID_CALL_LINGER_MILLISECONDS,
  type SendResult,
} from '../../core/ports/message-sink.ts';
import { Faults } from './faults.ts';

/** An event bus in memory that is as strict as EventBridge: about sizes and counts. */
export class MemoryEventBus implements EventBus {
  readonly maxMessages = EVENTBRIDGE_MAX_ENTRIES;
  readonly maxBytes = EVENTBRIDGE_MAX_REQUEST_BYTES;
  readonly maxMessageBytes = EVENTBRIDGE_MAX_REQUEST_BYTES;
  readonly lingerMilliseconds = PAID_CALL_LINGER_MILLISECONDS;
  readonly faults = new Faults<'send'>();
  /** What every call brought. */
  readonly calls: (readonly BusEvent[])[] = [];

  /** What was sent. */
  get events(): BusEvent[] {
    return this.calls.flat();
  }

  sizeOf({ type, json }: BusEvent): number {
    return Buffer.byteLength('coatcheck') + Buffer.byteLength(type) + Buffer.byteLength(json) + 14;
  }

  send(events: readonly BusEvent[]): Promise<readonly SendResult[]> {
    return this.faults.around('send', () => {
      if (events.length > this.maxMessages) throw new Error('ValidationException');
      const size = events.reduce((sum, event) => sum + this.sizeOf(event), 0);
      if (size > this.maxBytes) throw new Error(`ValidationException: ${size} bytes`);
      this.calls.push(events);
      return events.map(() => ({ sent: true }));
    });
  }
}
