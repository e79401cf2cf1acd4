import { Annotations, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopic, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../../core/base/errors.ts';

/** The AWS managed key of SNS. Its policy allows users of the account but no service, and can't be changed. */
const SNS_MANAGED_KEY = 'alias/aws/sns';

const KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey*'];

/**
 * Allows CloudWatch alarms to publish to a topic. The CDK's alarm action grants nothing, and an alarm without
 * permission reports that in its history only.
 * @param prop the path of the prop of the topic
 * @throws ConfigurationError if the topic is encrypted with the AWS managed key of SNS
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 */
export function allowAlarmsToPublish(
  alarms: Construct,
  topic: ITopic,
  prop = 'observability.alarmTopic',
): void {
  const resource = topic.node.defaultChild;
  const known = resource instanceof CfnTopic ? resource : undefined;
  const key = topic.masterKey;
  const keyName = JSON.stringify(Stack.of(topic).resolve(key?.keyArn ?? known?.kmsMasterKeyId) ?? '');
  if (keyName.includes(SNS_MANAGED_KEY)) {
    throw new ConfigurationError(
      `${prop} must be unencrypted or encrypted with your own key, got ${SNS_MANAGED_KEY}: its policy doesn't ` +
        "allow CloudWatch to publish and can't be changed. Set masterKey: new Key(…) on the topic",
    );
  }
  const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
  const allowKey = new PolicyStatement({ principals: [cloudWatch], actions: KEY_ACTIONS, resources: ['*'] });
  if (key && !key.addToResourcePolicy(allowKey).statementAdded) {
    Annotations.of(alarms).addWarningV2(
      'coatcheck:alarmTopicKey',
      `The key of ${prop}, ${keyName}, isn't part of this app. Its policy must allow ${KEY_ACTIONS.join(' and ')} to ` +
        'cloudwatch.amazonaws.com; otherwise no alarm is delivered.',
    );
  } else if (!known) {
    Annotations.of(alarms).addInfo(
      `${prop} isn't part of this app. If it is encrypted, the policy of its key must allow ` +
        `${KEY_ACTIONS.join(' and ')} to cloudwatch.amazonaws.com; otherwise no alarm is delivered.`,
    );
  }
  // A topic without its own policy has the default one, which allows CloudWatch to publish. A statement would replace
  // it.
  if (known && topic.node.tryFindChild('Policy')) {
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(alarms).account } },
      }),
    );
  }
}
