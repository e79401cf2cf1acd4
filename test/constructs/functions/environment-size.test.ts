import { Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, it } from 'vitest';
import { environmentSizes } from '../../../lib/constructs/functions/environment-size.ts';
import { emptyApp } from '../service-in-app.ts';

/** The names are as long as CloudFormation's: it takes that of the stack, the logical id, and 12 characters. */
it.each<[what: string, value: (stack: Stack) => string, deployed: string]>([
  ['a text', () => 'żółw', 'żółw'],
  [
    'the URL of a queue',
    (stack) => new Queue(stack, 'Queue').queueUrl,
    'https://sqs.eu-west-1.amazonaws.com/123456789012/Stack-Queue4A7E3555-xxxxxxxxxxxx',
  ],
  ['the name of a queue', (stack) => new Queue(stack, 'Queue').queueName, 'Stack-Queue4A7E3555-xxxxxxxxxxxx'],
  [
    'the ARN of a secret',
    (stack) => new Secret(stack, 'Secret').secretArn,
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:SecretA720EF05-xxxxxxxxxxxx-xxxxxx',
  ],
])('counts %s', (_, value, deployed) => {
  const stack = new Stack(emptyApp(), 'Stack');
  new LambdaFunction(stack, 'Function', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = () => {};'),
    environment: { NAME: value(stack) },
  });
  const [size = 0] = environmentSizes(stack).values();
  const exact = Buffer.byteLength(`NAME${deployed}`);
  expect(size).toBeGreaterThanOrEqual(exact);
  // The name of a secret doesn't begin with that of its stack.
  expect(size).toBeLessThanOrEqual(exact + 'Stack-'.length);
});
