import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DelayQueue, Pause, PauseRequests } from '../core/ports/pausing.ts';
import { encodePauseMessage } from '../core/wire/pause-message.ts';

/** The queue of whatever pauses an event source. */
export class SqsPauses implements PauseRequests, DelayQueue {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  request(pause: Pause): Promise<void> {
    return this.send(encodePauseMessage({ type: 'pause', ...pause }), 0);
  }

  async send(message: string, delaySeconds: number): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#url, MessageBody: message, DelaySeconds: delaySeconds }),
    );
  }
}
