import type { Server } from '../../../test/support/brokers/server.ts';
import type { RunningSystem } from '../system.ts';

/** A message for an input queue. */
export interface InputMessage {
  /** The id of the message, where the broker has one. */
  readonly id: string;
  readonly body: string;
}

/** The queues of a broker, used by its own client. */
export interface Queues extends AsyncDisposable {
  /** Undefined if there is none, or if it keeps its messages in memory only: then it isn't killed. */
  readonly broker: Server | undefined;
  /** Environment variables of a worker that uses them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** @param queue its name */
  urlOf(queue: string): string;
  /** Resolves when the broker has accepted the message into the input queue. Never sends it twice. */
  submit(message: InputMessage): Promise<void>;
  /** The bodies of all messages in the output queue so far. */
  published(): Promise<readonly string[]>;
  /** The bodies of the messages in the input queue that aren't settled, where messages can be read without taking them. */
  unsettled?(): Promise<readonly string[]>;
}

/** The jobs of messages that aren't settled, for a system on these queues. */
export function unsettledJobs({ unsettled }: Queues): Pick<RunningSystem, 'unsettled'> {
  if (!unsettled) return {};
  return { unsettled: async () => (await unsettled()).map((body) => Number(JSON.parse(body).job)) };
}
