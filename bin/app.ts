/**
 * The CDK app: one service in one stack.
 *
 *     cdk deploy                               the example processor
 *     cdk deploy -c processor=my/processor.ts  yours
 *     cdk deploy -c stack=Name                 beside another one
 *     cdk deploy -c alarmTopic=ARN             tells an SNS topic when an alarm is raised
 */
import { App, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AsyncService } from '../lib/constructs/index.ts';
import { ConfigurationError } from '../lib/core/errors.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const stack = new Stack(app, app.node.tryGetContext('stack') ?? 'Coatcheck', {
  description: 'Asynchronous request processing by Coatcheck',
});
const alarmTopic: string | undefined = app.node.tryGetContext('alarmTopic');
const service = serviceOrMessage();

output('PayloadBucketName', service.payloadBucket.bucketName, 'Upload payloads here, under requests/');
output('InputQueueUrl', service.inputQueue.queueUrl, 'Or send requests here');
output('OutputQueueUrl', service.outputQueue.queueUrl, 'Collect outcomes here');
output('DeadLetterQueueUrl', service.deadLetterQueue.queueUrl, 'Requests that were given up');
output(
  'OutputDeadLetterQueueUrl',
  service.outputDeadLetterQueue?.queueUrl,
  'Outcomes no consumer could take',
);
output('ProcessorFunctionName', service.processor.functionName, 'The function that runs the processor');

/** What a prop must be is told without where in the code it was found out. */
function serviceOrMessage(): AsyncService {
  try {
    return new AsyncService(stack, 'Service', {
      entry: app.node.tryGetContext('processor') ?? 'examples/csv-profile/processor.ts',
      alarmTopic: alarmTopic === undefined ? undefined : Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopic),
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function output(name: string, value: string | undefined, description: string): void {
  if (value !== undefined) new CfnOutput(stack, name, { value, description });
}
