/**
 * Whether a queue is a FIFO queue: only the names of those end like this.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
 */
export function isFifo(queueUrl: string): boolean {
  return queueUrl.endsWith('.fifo');
}
