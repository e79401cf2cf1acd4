import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { SMALL_CALLS } from '../aws/clients.ts';
import type { EventSource } from '../core/ports/pausing.ts';

/**
 * States of a mapping that gives its function messages, or is about to.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
 */
const ENABLED_STATES: readonly (string | undefined)[] = ['Enabled', 'Enabling'];

/** The tag of a mapping with the id of the pause that disabled it. */
export const PAUSE_TAG = 'coatcheck:pause';

/** An event source mapping of Lambda. A tag holds the id of the pause, since no other attribute can. */
export class LambdaEventSource implements EventSource {
  readonly #client: LambdaClient;
  readonly #uuid: string;
  #arn: string | undefined;

  /** @param uuid the mapping's UUID */
  constructor(client: LambdaClient, uuid: string) {
    this.#client = client;
    this.#uuid = uuid;
  }

  async isEnabled(): Promise<boolean> {
    const { State } = await this.#read();
    return ENABLED_STATES.includes(State);
  }

  enable(): Promise<void> {
    return this.#set(true);
  }

  disable(): Promise<void> {
    return this.#set(false);
  }

  async pauseId(): Promise<string | undefined> {
    const { Tags = {} } = await this.#client.send(new ListTagsCommand({ Resource: await this.#arnOf() }));
    return Tags[PAUSE_TAG];
  }

  async notePause(id: string | undefined): Promise<void> {
    const Resource = await this.#arnOf();
    if (id === undefined) {
      await this.#client.send(new UntagResourceCommand({ Resource, TagKeys: [PAUSE_TAG] }));
    } else {
      await this.#client.send(new TagResourceCommand({ Resource, Tags: { [PAUSE_TAG]: id } }));
    }
  }

  async #arnOf(): Promise<string | undefined> {
    this.#arn ??= (await this.#read()).EventSourceMappingArn;
    return this.#arn;
  }

  #read() {
    return this.#client.send(new GetEventSourceMappingCommand({ UUID: this.#uuid }));
  }

  async #set(enabled: boolean): Promise<void> {
    await this.#client.send(new UpdateEventSourceMappingCommand({ UUID: this.#uuid, Enabled: enabled }));
  }
}

/** A client for event sources. */
export function lambdaClient(): LambdaClient {
  return new LambdaClient({ requestHandler: SMALL_CALLS });
}
