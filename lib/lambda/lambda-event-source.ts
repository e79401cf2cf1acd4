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

/** The tag of a mapping that a pause of an operator keeps disabled. */
export const HOLD_TAG = 'coatcheck:operator-pause';

/** An event source mapping of Lambda. Tags hold what paused it, since no other attribute can. */
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

  pauseId(): Promise<string | undefined> {
    return this.#tag(PAUSE_TAG);
  }

  notePause(id: string | undefined): Promise<void> {
    return this.#setTag(PAUSE_TAG, id);
  }

  async isHeld(): Promise<boolean> {
    return (await this.#tag(HOLD_TAG)) !== undefined;
  }

  noteHold(isHeld: boolean): Promise<void> {
    return this.#setTag(HOLD_TAG, isHeld ? 'yes' : undefined);
  }

  async #tag(name: string): Promise<string | undefined> {
    const { Tags = {} } = await this.#client.send(new ListTagsCommand({ Resource: await this.#arnOf() }));
    return Tags[name];
  }

  async #setTag(name: string, value: string | undefined): Promise<void> {
    const Resource = await this.#arnOf();
    if (value === undefined) {
      await this.#client.send(new UntagResourceCommand({ Resource, TagKeys: [name] }));
    } else {
      await this.#client.send(new TagResourceCommand({ Resource, Tags: { [name]: value } }));
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
