import type { OutputQueue } from '../ports/message-sink.ts';

/** The output of a service without an output queue: its outcomes are in the records, and in webhooks. */
export const NO_OUTPUT: OutputQueue = {
  maxMessages: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
  maxMessageBytes: Number.POSITIVE_INFINITY,
  lingerMilliseconds: 0,
  sizeOf: () => 0,
  send: async (messages) => messages.map(() => ({ sent: true })),
};
