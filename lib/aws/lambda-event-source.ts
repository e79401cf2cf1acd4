import {
  GetEventSourceMappingCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import type { EventSource } from '../core/circuit/breaker.ts';
import { SMALL_CALLS } from './clients.ts';

/** States of a mapping that gives its function messages, or is about to. @see https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html */
const ENABLED_STATES: readonly (string | undefined)[] = ['Enabled', 'Enabling'];

/** An event source mapping of Lambda. */
export class LambdaEventSource implements EventSource {
  readonly #client: LambdaClient;
  readonly #uuid: string;

  /** @param uuid the name Lambda has for it */
  constructor(client: LambdaClient, uuid: string) {
    this.#client = client;
    this.#uuid = uuid;
  }

  async isEnabled(): Promise<boolean> {
    const { State } = await this.#client.send(new GetEventSourceMappingCommand({ UUID: this.#uuid }));
    return ENABLED_STATES.includes(State);
  }

  enable(): Promise<void> {
    return this.#set(true);
  }

  disable(): Promise<void> {
    return this.#set(false);
  }

  async #set(enabled: boolean): Promise<void> {
    await this.#client.send(new UpdateEventSourceMappingCommand({ UUID: this.#uuid, Enabled: enabled }));
  }
}

/** A client for event sources. */
export function lambdaClient(): LambdaClient {
  return new LambdaClient({ requestHandler: SMALL_CALLS });
}
