import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { SMALL_CALLS } from '../aws/clients.ts';
import type { DisableReasons, EventSource } from '../core/ports/pausing.ts';

/**
 * States of a mapping that gives its function messages, or is about to.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
 */
const ENABLED_STATES: readonly (string | undefined)[] = ['Enabled', 'Enabling'];

/** Begins the tags of pauses of the circuit breaker: the id of the pause follows, and the value is its end. */
const PAUSE_TAG = 'coatcheck:pause:';

/** The tag of earlier versions, with the id of the pause: one may last while its service is updated. */
const EARLIER_PAUSE_TAG = 'coatcheck:pause';

/** Begins the tags of pauses of operators: the time when the pause began follows. */
const OPERATOR_PAUSE_TAG = 'coatcheck:operator-pause:';

/**
 * An event source mapping of Lambda. A tag per pause says why it is disabled: no other attribute can hold that, and there are
 * no conditional writes. A mapping has up to 50 tags; while they are used up, no pause begins.
 */
export class LambdaEventSource implements EventSource {
  readonly #client: LambdaClient;
  readonly #uuid: string;
  #arn: string | undefined;
  /** The id of a pause with the tag of earlier versions. */
  #earlierPause: string | undefined;

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

  async reasons(): Promise<DisableReasons> {
    const { Tags = {} } = await this.#client.send(new ListTagsCommand({ Resource: await this.#arnOf() }));
    const startingWith = (prefix: string) =>
      Object.entries(Tags).flatMap(([key, value]): [string, string][] =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
      );
    this.#earlierPause = Tags[EARLIER_PAUSE_TAG];
    const earlier = this.#earlierPause === undefined ? [] : [[this.#earlierPause, '0'] as const];
    return {
      pauses: new Map([...earlier, ...startingWith(PAUSE_TAG)].map(([id, until]) => [id, Number(until)])),
      operatorPauses: new Set(startingWith(OPERATOR_PAUSE_TAG).map(([since]) => Number(since))),
    };
  }

  addPause(id: string, until: number): Promise<void> {
    return this.#addTag(`${PAUSE_TAG}${id}`, String(until));
  }

  removePause(id: string): Promise<void> {
    return this.#removeTag(id === this.#earlierPause ? EARLIER_PAUSE_TAG : `${PAUSE_TAG}${id}`);
  }

  addOperatorPause(since: number): Promise<void> {
    return this.#addTag(`${OPERATOR_PAUSE_TAG}${since}`, 'yes');
  }

  removeOperatorPause(since: number): Promise<void> {
    return this.#removeTag(`${OPERATOR_PAUSE_TAG}${since}`);
  }

  async #addTag(name: string, value: string): Promise<void> {
    await this.#client.send(
      new TagResourceCommand({ Resource: await this.#arnOf(), Tags: { [name]: value } }),
    );
  }

  async #removeTag(name: string): Promise<void> {
    await this.#client.send(new UntagResourceCommand({ Resource: await this.#arnOf(), TagKeys: [name] }));
  }

  async #arnOf(): Promise<string | undefined> {
    return this.#arn ?? (await this.#read()).EventSourceMappingArn;
  }

  async #read() {
    const mapping = await this.#client.send(new GetEventSourceMappingCommand({ UUID: this.#uuid }));
    this.#arn = mapping.EventSourceMappingArn;
    return mapping;
  }

  async #set(enabled: boolean): Promise<void> {
    await this.#client.send(new UpdateEventSourceMappingCommand({ UUID: this.#uuid, Enabled: enabled }));
  }
}

/** A client for event sources. */
export function lambdaClient(): LambdaClient {
  return new LambdaClient({ requestHandler: SMALL_CALLS });
}
