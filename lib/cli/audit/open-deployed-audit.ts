import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DeployedAudit } from '../../aws/deployed-audit.ts';
import { needsPathStyle } from '../../aws/s3-path-style.ts';
import { sqsClient } from '../../aws/sqs-client.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { note } from '../../terminal/output.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import { deploymentOf, findSharing } from '../deployment.ts';
import type { DeploymentOptions } from '../service-options.ts';
import type { GivenRules, OpenedAudit } from './opened-audit.ts';

/** Opens the table, the bucket and the queues of a deployed service. @throws DeploymentUnknown */
export async function openDeployedAudit(
  options: DeploymentOptions,
  given: GivenRules,
  signal: AbortSignal,
): Promise<OpenedAudit> {
  const [service, ...others] = await findSharing({ ...options, signal, note });
  const deployment = deploymentOf(service);
  const all = [service, ...others].map(({ outputs }) => outputs);
  const inputQueueUrl = deployment('InputQueueUrl');
  const aws = await awsOfQueue(inputQueueUrl);
  const clients = {
    queues: sqsClient(aws),
    table: new DynamoDBClient(aws),
    objects: new S3Client({ ...aws, forcePathStyle: needsPathStyle() || aws.endpoint !== undefined }),
  };
  const audited = {
    tableName: deployment('RequestTableName'),
    bucketName: deployment('PayloadBucketName'),
    inputQueueUrls: all
      .flatMap((each) => [each.InputQueueUrl, each.HighInputQueueUrl, each.LowInputQueueUrl])
      .filter((url) => url !== undefined),
    deadLetterQueueUrls: all.map((each) => each.DeadLetterQueueUrl).filter((url) => url !== undefined),
  };
  note('looking at the queues; if they are empty, once more after a minute');
  return {
    source: new DeployedAudit(clients, audited, { now: given.now, signal }),
    rules: { resultAgeDays: NUMBER_SETTINGS.resultAgeDays.default, ...given },
    [Symbol.asyncDispose]: async () => {},
  };
}
