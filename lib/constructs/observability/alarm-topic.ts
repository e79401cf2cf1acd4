import { Annotations, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopic, type ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../../core/base/errors.ts';

/** SNS's own key: its policy lets users of the account publish, no service, and can't be changed. */
const KEY_OF_SNS = 'alias/aws/sns';

const KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey*'];

/**
 * Lets CloudWatch's alarms publish to a topic. The CDK's action of an alarm grants nothing, and an alarm that may not
 * publish says so in its history only.
 * @throws ConfigurationError when the topic is encrypted with SNS's own key
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 */
export function letAlarmsPublish(alarms: Construct, topic: ITopic): void {
  const resource = topic.node.defaultChild;
  const known = resource instanceof CfnTopic ? resource : undefined;
  const key = topic.masterKey;
  const keyName = JSON.stringify(Stack.of(topic).resolve(key?.keyArn ?? known?.kmsMasterKeyId) ?? '');
  if (keyName.includes(KEY_OF_SNS)) {
    throw new ConfigurationError(
      `observability.alarmTopic must be encrypted with a key of yours or not at all, got ${KEY_OF_SNS}: it doesn't let CloudWatch ` +
        'publish, and its policy can’t be changed. Give the topic masterKey: new Key(…)',
    );
  }
  const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
  const mayUseKey = new PolicyStatement({ principals: [cloudWatch], actions: KEY_ACTIONS, resources: ['*'] });
  if (key && !key.addToResourcePolicy(mayUseKey).statementAdded) {
    Annotations.of(alarms).addWarningV2(
      'coatcheck:alarmTopicKey',
      `The key of observability.alarmTopic, ${keyName}, isn't part of this app. Its policy must allow cloudwatch.amazonaws.com ` +
        `${KEY_ACTIONS.join(' and ')}, or no alarm is delivered.`,
    );
  } else if (!known) {
    Annotations.of(alarms).addInfo(
      'observability.alarmTopic isn’t part of this app. If it is encrypted, the policy of its key must allow ' +
        `cloudwatch.amazonaws.com ${KEY_ACTIONS.join(' and ')}, or no alarm is delivered.`,
    );
  }
  // A topic without a policy of its own has SNS's, which lets CloudWatch publish; a statement of ours would replace it.
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
