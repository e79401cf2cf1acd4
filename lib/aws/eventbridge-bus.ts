import type { PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import { EVENTBRIDGE_MAX_ENTRIES, EVENTBRIDGE_MAX_REQUEST_BYTES } from '../core/config/aws-limits.ts';
import { EVENT_BUS_SOURCE } from '../core/model/event-names.ts';
import {
  type BusEvent,
  type EventBus,
  PAID_CALL_LINGER_MILLISECONDS,
  type SendResult,
} from '../core/ports/message-sink.ts';

/** The size that EventBridge counts for an event's time. */
const TIME_BYTES = 14;

/** Transient error codes of single entries. */
const TRANSIENT_CODES: readonly (string | undefined)[] = [
  'InternalFailure',
  'InternalException',
  'ThrottlingException',
];

/** Puts entries on their buses in one call. The results are in the order of the entries. */
export type PutEvents = (entries: PutEventsRequestEntry[]) => Promise<PutEventsResultEntry[]>;

/** Sends events to an EventBridge bus. */
export class EventBridgeBus implements EventBus {
  readonly maxMessages = EVENTBRIDGE_MAX_ENTRIES;
  readonly maxBytes = EVENTBRIDGE_MAX_REQUEST_BYTES;
  readonly maxMessageBytes = EVENTBRIDGE_MAX_REQUEST_BYTES;
  readonly lingerMilliseconds = PAID_CALL_LINGER_MILLISECONDS;
  readonly #putEvents: PutEvents;
  readonly #arn: string;

  /** @param arn of the bus */
  constructor(putEvents: PutEvents, arn: string) {
    this.#putEvents = putEvents;
    this.#arn = arn;
  }

  /** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
  sizeOf({ type, json }: BusEvent): number {
    return TIME_BYTES + Buffer.byteLength(EVENT_BUS_SOURCE + type + json);
  }

  async send(events: readonly BusEvent[]): Promise<readonly SendResult[]> {
    const results = await this.#putEvents(
      events.map(({ type, json, time }) => ({
        EventBusName: this.#arn,
        Source: EVENT_BUS_SOURCE,
        DetailType: type,
        Detail: json,
        Time: new Date(time),
      })),
    );
    // The response has no ids: results are in the order of the events.
    return events.map((_, index) => {
      const { EventId, ErrorCode, ErrorMessage = '' } = results[index] ?? {};
      if (EventId !== undefined) return { sent: true };
      if (ErrorCode === undefined) return UNMENTIONED;
      return {
        sent: false,
        refused: !TRANSIENT_CODES.includes(ErrorCode),
        reason: `${ErrorCode}: ${ErrorMessage}`,
      };
    });
  }
}

const UNMENTIONED: SendResult = {
  sent: false,
  refused: false,
  reason: "EventBridge's answer left the event out",
};
