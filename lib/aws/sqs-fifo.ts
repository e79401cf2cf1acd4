/**
 * Whether a queue or a topic is a FIFO one: only the names of those end like this.
 * @param place the URL or the ARN, which end in the name
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
 */
export function isFifo(place: string): boolean {
  return place.endsWith('.fifo');
}
