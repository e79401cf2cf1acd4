import type { ProcessorQueue } from '../core/config/processor-queues.ts';

/** A processor behind a front door. */
export interface AddedProcessor extends ProcessorQueue {
  readonly inputQueueUrl: string;
}

/** The processors behind a front door, with the URLs of their queues. All queues of an account and a region have the same URL up to the name. */
export function addedProcessors({
  inputQueueUrl,
  otherProcessors,
}: {
  readonly inputQueueUrl: string;
  readonly otherProcessors: readonly ProcessorQueue[];
}): AddedProcessor[] {
  return otherProcessors.map((processor) => ({
    ...processor,
    inputQueueUrl: new URL(processor.inputQueueName, inputQueueUrl).href,
  }));
}
