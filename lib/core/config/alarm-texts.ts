/**
 * What alarms are raised for, in sentences: one text for the alarms in CloudWatch, for those of a service on one machine, and for the
 * API. What to do follows; where that differs by host, the host adds it.
 */
export const ALARM_TEXTS = {
  DeadLetters: (service: string) => [
    `A request of ${service} failed in all its attempts.`,
    'Its failure was published, and its message is in the dead-letter queue. To see the error, run: npx coatcheck',
    'dead-letters list. Fix the cause, then run: npx coatcheck dead-letters redrive.',
  ],
  WebhookDeadLetters: (service: string) => [
    `A webhook of ${service} could not be delivered within three days, or its delivery could not be processed.`,
  ],
  LedgerDrift: (service: string) => [
    `Requests of ${service} do not add up: their message, their stored object or their dead letter is gone.`,
  ],
  Paused: (service: string) => [
    `Processing of ${service} was paused because something that every request needs is or was unavailable.`,
  ],
  OldestRequest: (service: string, time: string) => [
    `A request of ${service} has been waiting for ${time} or more.`,
  ],
} as const;
