/**
 * The ARN of an SQS queue, whose URL ends in the account and the name.
 * @param neighborArn the ARN of another queue of the region
 */
export function queueArnOf(url: string, neighborArn: string): string {
  const [arn, partition, service, region] = neighborArn.split(':');
  const [account, name] = url.split('/').slice(-2);
  return [arn, partition, service, region, account, name].join(':');
}
