import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { expect, test } from 'vitest';
import { emptyApp, readable, resource, resources, serviceIn } from './service-in-app.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/model-key-AbCdEf';

/** What a service with this secret has: the variable of its processor, and the secrets that its role may read. */
function withSecret(secretIn: (stack: Stack) => ISecret) {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = serviceIn(stack, { secrets: { MODEL_KEY: secretIn(stack) } });
  const { properties } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessorFunction');
  const statements = resources(template())
    .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith('ServiceProcessorRole'))
    .flatMap(({ properties: policy }) => policy.PolicyDocument.Statement);
  return {
    variable: readable(properties.Environment.Variables.COATCHECK_SECRETS),
    readable: statements
      .filter(({ Action }) => Action === 'secretsmanager:GetSecretValue')
      .map(({ Resource }) => readable(Resource)),
  };
}

test.each([
  ['of the app', (stack: Stack) => new Secret(stack, 'Key'), '<Key961B73FD>', '<Key961B73FD>'],
  ['imported by its ARN', (stack: Stack) => Secret.fromSecretCompleteArn(stack, 'Key', ARN), ARN, ARN],
  [
    'imported by its name, whose ARN ends with characters that are unknown',
    (stack: Stack) => Secret.fromSecretNameV2(stack, 'Key', 'prod/model-key'),
    'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:prod/model-key',
    'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:prod/model-key-??????',
  ],
])('the processor gets the id of a secret, and may read it: one %s', (_, secretIn, id, arn) => {
  expect(withSecret(secretIn)).toEqual({ variable: `MODEL_KEY=${id}`, readable: [arn] });
});

test('the API gets the id of the secret of receipts, and may read it; without one, it may read none', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const receipts = new Secret(stack, 'Key');
  const { template } = serviceIn(stack, { api: { receipts } });
  const policies = (from: Template) =>
    resources(from)
      .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith('ServiceApi'))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter(({ Action }) => Action === 'secretsmanager:GetSecretValue')
      .map(({ Resource }) => readable(Resource));
  const variable = (from: Template) =>
    readable(
      resource(from, 'AWS::Lambda::Function', 'ServiceApi').properties.Environment.Variables
        .COATCHECK_RECEIPT_SECRET,
    );
  expect([policies(template()), variable(template())]).toEqual([['<Key961B73FD>'], '<Key961B73FD>']);
  const without = serviceIn(new Stack(emptyApp(), 'Stack'), { api: {} }).template();
  expect([policies(without), variable(without)]).toEqual([[], undefined]);
});

test('a name that is no name of a variable is rejected', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const secret = new Secret(stack, 'Key');
  expect(() => serviceIn(stack, { secrets: { 'model-key': secret, AWS_KEY: secret } })).toThrow(
    /Each name in secrets must be a name of 1 to 128 letters.*got "model-key"[\s\S]*got "AWS_KEY"/,
  );
});
