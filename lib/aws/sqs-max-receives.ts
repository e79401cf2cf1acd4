import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { serializeError } from '../core/base/serialize-error.ts';
import { neededReceivesOf } from '../core/config/receive-budget.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { isFifo } from './sqs-fifo.ts';

/** The maxReceiveCount of a queue's RedrivePolicy; undefined without one. */
export function maxReceivesIn(redrivePolicy: string | undefined): number | undefined {
  return redrivePolicy === undefined ? undefined : Number(JSON.parse(redrivePolicy).maxReceiveCount);
}

/** What is wrong with a queue that dead-letters before all attempts are used up; undefined if nothing is. */
export function maxReceivesProblem(
  url: string,
  maxReceives: number | undefined,
  maxAttempts: number,
): string | undefined {
  const needed = neededReceivesOf(maxAttempts, isFifo(url));
  if (maxReceives === undefined || maxReceives >= needed) return undefined;
  return (
    `The queue ${url} has a maxReceiveCount of ${maxReceives}, so SQS would dead-letter messages before their ` +
    `${maxAttempts} attempts are used up. Set it to at least ${needed}`
  );
}

/**
 * Reads after how many receives a queue dead-letters by itself. Never rejects: if the number can't be read or is too
 * small for all attempts, a log entry says so and the result is undefined.
 */
export async function readMaxReceives(
  client: SQSClient,
  url: string,
  maxAttempts: number,
  logger: Logger,
): Promise<number | undefined> {
  try {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] }),
    );
    const maxReceives = maxReceivesIn(Attributes?.RedrivePolicy);
    const problem = maxReceivesProblem(url, maxReceives, maxAttempts);
    if (problem === undefined) return maxReceives;
    logger.error(problem);
  } catch (error) {
    logger.warn("The queue's RedrivePolicy can't be read: grant sqs:GetQueueAttributes", {
      queueUrl: url,
      error: serializeError(error),
    });
  }
  return undefined;
}
