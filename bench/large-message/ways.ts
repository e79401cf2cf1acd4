import { WAYS as BATCH_WAYS } from '../engine-overhead/ways.ts';
import { sqsEvent } from '../support/sqs-event.ts';

/** What is done with a message, by the name the report gives it. */
export const WAYS = { parse, engine } satisfies Record<string, () => (body: string) => Promise<unknown>>;

export type WayName = keyof typeof WAYS;

function parse() {
  return async (body: string) => JSON.parse(body);
}

function engine() {
  const doBatch = BATCH_WAYS['engine in memory']();
  return (body: string) => doBatch(sqsEvent([body]));
}
