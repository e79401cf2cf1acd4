import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DelayQueue, Pause, PauseRequests } from '../core/ports/pausing.ts';
import { encodePauseMessage } from '../core/wire/pause-message.ts';
import { SqsSender } from './sqs-sender.ts';

/** The queue of the function that pauses an event source. */
export class SqsPauses implements PauseRequests, DelayQueue {
  readonly #sender: SqsSender;

  constructor(client: SQSClient, url: string) {
    this.#sender = new SqsSender(client, url);
  }

  request(pause: Pause): Promise<void> {
    return this.send(encodePauseMessage({ type: 'pause', ...pause }), 0);
  }

  send(message: string, delaySeconds: number): Promise<void> {
    return this.#sender.send({ body: message, delaySeconds });
  }
}
