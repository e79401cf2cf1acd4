import type { RemovalPolicy } from 'aws-cdk-lib';
import { type LogGroupProps, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** The props of all log groups of a service. */
export function logGroupProps(
  { observability, encryptionKey }: AsyncServiceProps,
  removalPolicy: RemovalPolicy,
): LogGroupProps {
  return { retention: observability?.logRetention ?? RetentionDays.ONE_MONTH, encryptionKey, removalPolicy };
}
