import { SQS_MAX_DELAY_SECONDS } from '../../core/config/aws-limits.ts';
import type { WebhookQueue } from '../../core/ports/webhooks.ts';
import { Faults } from './faults.ts';
import { assertMessageText } from './message-text.ts';

/** What a queue of webhooks was given. */
export interface SentWebhook {
  readonly message: string;
  readonly host: string;
  readonly delaySeconds: number;
}

/** A queue in memory that is as strict as SQS: about characters, groups and delays. */
export class MemoryWebhookQueue implements WebhookQueue {
  readonly faults = new Faults<'send'>();
  /** What was sent. */
  readonly sent: SentWebhook[] = [];

  async send(message: string, host: string, delaySeconds: number): Promise<void> {
    await this.faults.around('send', () => {
      assertMessageText(message);
      if (!/^[!-~]{1,128}$/.test(host)) throw new Error(`InvalidParameterValue: ${host}`);
      if (delaySeconds > SQS_MAX_DELAY_SECONDS) throw new Error(`InvalidParameterValue: ${delaySeconds}`);
      this.sent.push({ message, host, delaySeconds });
    });
  }
}
