import type { EnginePorts } from '../../core/engine/engine-ports.ts';
import type { LedgerBook } from '../../core/ports/ledger.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import type { MessageRunner } from '../../worker/message-runner.ts';

/** What a worker runs on. */
export interface WorkerPorts
  extends Pick<EnginePorts, 'store' | 'records' | 'limits' | 'output' | 'webhooks' | 'webhookEndpoints'> {
  readonly input: InputQueue;
  /** Counts the requests, where the records are in a file. */
  readonly ledger?: LedgerBook;
  /** The webhooks that the worker itself delivers; absent if it delivers none. */
  readonly deliveries?: WebhookDeliveries;
  /** How claim checks name the payload store, to allow those that point to it. */
  readonly claimCheckSource: string;
}

/** Webhooks to deliver. */
export interface WebhookDeliveries {
  readonly queue: InputQueue;
  readonly runner: MessageRunner;
  /** Most deliveries at a time. */
  readonly concurrency: number;
}
