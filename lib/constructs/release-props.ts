import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ILambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';

/**
 * Configures how an `AsyncService` releases a new version of its processor. Each deployment with other code, or other
 * settings of the function, publishes a version. CodeDeploy moves traffic to it, and back if an alarm fires.
 */
export interface ReleaseProps {
  /**
   * How traffic moves to a new version, for example `LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE`. A `cdk deploy`
   * lasts until all of it has moved.
   * @default LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES
   */
  readonly traffic?: ILambdaDeploymentConfig;

  /**
   * A release is rolled back if fewer attempts of the new version than this percentage succeed: 1 to 100. The rate is that
   * of at least 10 attempts in a minute. Failures and retries count against it, whatever their reason. Lower it for handlers
   * that often throw `RetryLater`. Has no effect if `observability.metrics` is false.
   * @default 50
   */
  readonly minSuccessRate?: number;

  /**
   * Alarms of yours that also roll a release back. Choose those that say that the code is bad. An alarm on waiting requests
   * or on throttles fires under load, too.
   * @default - none
   */
  readonly alarms?: readonly IAlarm[];
}
