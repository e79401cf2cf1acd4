import { type App, Duration, type Environment, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccountPrincipal, ArnPrincipal, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { ApiAuth, AsyncService, type RequestApiProps } from '../../lib/constructs/index.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

describe('with only an entry', () => {
  const { stack, template } = serviceInApp();

  it('has a bucket, a table, queues with dead-letter queues, a processor, a circuit breaker and alarms', () => {
    const counts: Record<string, number> = {};
    for (const { type } of resources(template())) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toEqual({
      'AWS::S3::Bucket': 1,
      'AWS::S3::BucketPolicy': 1,
      'AWS::DynamoDB::GlobalTable': 1,
      'AWS::SQS::Queue': 6,
      'AWS::SQS::QueuePolicy': 6,
      'AWS::Lambda::Function': 2,
      'AWS::Lambda::EventSourceMapping': 2,
      'AWS::IAM::Role': 2,
      'AWS::IAM::Policy': 2,
      'AWS::Logs::LogGroup': 2,
      'AWS::CloudWatch::Alarm': 7,
    });
  });

  it('follows the recommendations of AWS', () => {
    expect(resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 60,
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO' },
    });
    expect(resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue').properties).toMatchObject({
      VisibilityTimeout: 360,
      MessageRetentionPeriod: 345_600,
      RedrivePolicy: { maxReceiveCount: 137 },
    });
    expect(resource(template(), 'AWS::SQS::Queue', 'ServiceOutputQueue').properties).toMatchObject({
      VisibilityTimeout: 60,
      MessageRetentionPeriod: 345_600,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    expect(resource(template(), 'AWS::Logs::LogGroup', 'ServiceProcessor').properties).toEqual({
      RetentionInDays: 30,
    });
  });

  it('invokes the processor with batches and partial batch responses', () => {
    const { properties } = resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor');
    expect(readable(properties)).toEqual({
      EventSourceArn: `<${resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue').id}.Arn>`,
      FunctionName: `<${resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').id}>`,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      ScalingConfig: { MaximumConcurrency: 500 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  nagIt("has no findings of cdk-nag's AwsSolutions rules", () => {
    expect(nagFindingsIn(stack)).toEqual([]);
  });

  nagIt('has none with a dashboard, failure events and an alarm topic', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const topic = new Topic(stack, 'Topic', { enforceSSL: true });
    serviceIn(stack, {
      observability: { dashboard: true, failureEvents: { topic }, alarmTopic: topic },
    });
    expect(nagFindingsIn(stack)).toEqual([]);
  });

  nagIt('E21: has none with payload sources, of this stack or imported', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const sources = [
      { bucket: Bucket.fromBucketName(stack, 'Elsewhere', 'elsewhere'), prefix: 'in/' },
      { bucket: Bucket.fromBucketArn(stack, 'Whole', 'arn:aws:s3:::whole') },
      { bucket: new Bucket(stack, 'Own', { enforceSSL: true, serverAccessLogsPrefix: 'log/' }) },
    ];
    serviceIn(stack, { payloads: { sources } });
    expect(nagFindingsIn(stack)).toEqual([]);
  });

  nagIt('hides no finding about permissions that the user adds', () => {
    const { stack, service } = serviceInApp();
    service.processorFunction.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }),
    );
    expect(nagFindingsIn(stack)).toEqual(['AwsSolutions-IAM5[Resource::*]']);
  });
});

describe('with an HTTP API', () => {
  nagIt.each<[string, RequestApiProps]>([
    ['for callers with AWS credentials', {}],
    [
      'for callers with a token',
      { auth: ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: 'a' }) },
    ],
    ['without authentication', { auth: ApiAuth.none({ openToAnyone: true }) }],
  ])("%s, has no findings of cdk-nag's AwsSolutions rules", (_, api) => {
    expect(nagFindingsIn(serviceInApp({ api }).stack)).toEqual([]);
  });

  nagIt('hides no finding about routes and permissions that the user adds', () => {
    const { stack, service } = serviceInApp({ api: {} });
    service.api?.function.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }),
    );
    service.api?.httpApi.addRoutes({
      path: '/open',
      integration: new HttpUrlIntegration('Elsewhere', 'https://example.com'),
      authorizer: new HttpNoneAuthorizer(),
    });
    expect(nagFindingsIn(stack).sort()).toEqual(['AwsSolutions-APIG4', 'AwsSolutions-IAM5[Resource::*]']);
  });
});

it('applies its props', () => {
  const template = serviceInApp({
    handler: 'reports',
    queue: {
      batchSize: 50,
      batchWindow: Duration.seconds(3),
      maxConcurrency: 7,
      retention: Duration.days(2),
    },
    function: { memoryMiB: 2_048, timeout: Duration.minutes(10) },
    retry: { maxAttempts: 9 },
    output: {
      queue: { retention: Duration.days(3), visibilityTimeout: Duration.minutes(5), maxReceiveCount: 11 },
    },
    observability: { logLevel: ApplicationLogLevel.DEBUG, logRetention: RetentionDays.ONE_YEAR },
  }).template();
  expect(resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties).toMatchObject({
    Handler: 'index.reports',
    MemorySize: 2_048,
    Timeout: 600,
    LoggingConfig: { ApplicationLogLevel: 'DEBUG' },
  });
  expect(resource(template, 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor').properties).toMatchObject({
    BatchSize: 50,
    MaximumBatchingWindowInSeconds: 3,
    ScalingConfig: { MaximumConcurrency: 7 },
  });
  expect(resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').properties).toMatchObject({
    VisibilityTimeout: 6 * 600 + 3,
    MessageRetentionPeriod: 172_800,
    RedrivePolicy: { maxReceiveCount: 145 },
  });
  expect(resource(template, 'AWS::SQS::Queue', 'ServiceOutputQueue').properties).toMatchObject({
    VisibilityTimeout: 300,
    MessageRetentionPeriod: 259_200,
    RedrivePolicy: { maxReceiveCount: 11 },
  });
  expect(resource(template, 'AWS::Logs::LogGroup', 'ServiceProcessor').properties).toEqual({
    RetentionInDays: 365,
  });
});

it('polls with provisioned pollers instead of a maximum concurrency', () => {
  const observability = { dashboard: true };
  const { template } = serviceInApp({ queue: { pollers: { min: 2, max: 50 } }, observability });
  const { properties } = resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor');
  expect(properties.ProvisionedPollerConfig).toEqual({ MinimumPollers: 2, MaximumPollers: 50 });
  expect(properties).not.toHaveProperty('ScalingConfig');
  expect(JSON.stringify(template().toJSON())).not.toContain('queue.maxConcurrency');
});

describe('without an output queue', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { service, template } = serviceIn(stack, { output: false, observability: { dashboard: true } });

  it('there is none, and the processor knows', () => {
    const queues = Object.keys(template().findResources('AWS::SQS::Queue'));
    expect(queues.filter((id) => id.includes('Output'))).toEqual([]);
    expect(resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties).toMatchObject({
      Environment: { Variables: { COATCHECK_OUTPUT_QUEUE_URL: 'none' } },
    });
    expect(template().findOutputs('*OutputQueueUrl*')).toEqual({});
  });

  it('what is about the queue says so', () => {
    const none = 'Stack/Service has no output queue, because output is false';
    expect(() => service.outputQueue).toThrow(none);
    expect(() => service.metricOutputDepth()).toThrow(none);
    expect(() => service.grantConsume(service.processor)).toThrow(none);
  });
});

describe('with an existing output queue', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const outputQueue = new Queue(stack, 'Own');
  const { service, template } = serviceIn(stack, { output: { queue: outputQueue } });

  it('publishes to it', () => {
    expect(service.outputQueue).toBe(outputQueue);
    const { Variables } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties
      .Environment;
    expect(readable(Variables)).toMatchObject({
      COATCHECK_OUTPUT_QUEUE_URL: `<${resource(template(), 'AWS::SQS::Queue', 'Own').id}>`,
    });
  });

  it('A1: lets the processor read its MaximumMessageSize, because old queues have a smaller one', () => {
    const { Variables } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties
      .Environment;
    expect(Variables).not.toHaveProperty('COATCHECK_OUTPUT_MAX_MESSAGE_BYTES');
    const { Statement } = resource(template(), 'AWS::IAM::Policy', 'ServiceProcessorRole').properties
      .PolicyDocument;
    expect(readable(Statement)).toContainEqual({
      Effect: 'Allow',
      Action: ['sqs:GetQueueAttributes', 'sqs:SendMessage'],
      Resource: `<${resource(template(), 'AWS::SQS::Queue', 'Own').id}.Arn>`,
    });
  });

  it('A1: uses the MaximumMessageSize of its template', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const { template } = serviceIn(stack, {
      output: { queue: new Queue(stack, 'Own', { maxMessageSizeBytes: 262_144 }) },
    });
    const { Variables } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties
      .Environment;
    expect(Variables.COATCHECK_OUTPUT_MAX_MESSAGE_BYTES).toBe('262144');
  });

  it('has no metric of its dead-letter queue', () => {
    expect(service.outputDeadLetterQueue).toBeUndefined();
    expect(() => service.metricOutputDeadLetters()).toThrow(
      'Stack/Service has no output dead-letter queue, because output.queue is an existing queue',
    );
  });
});

describe('grants', () => {
  function statementsFor(grant: (service: AsyncService, role: Role) => unknown) {
    const { stack, service, template } = serviceInApp();
    grant(service, new Role(stack, 'Client', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') }));
    const id = (type: string, beginning?: string) => resource(template(), type, beginning).id;
    return {
      statements: readable(
        resource(template(), 'AWS::IAM::Policy', 'Client').properties.PolicyDocument.Statement,
      ),
      bucket: `<${id('AWS::S3::Bucket')}.Arn>`,
      input: `<${id('AWS::SQS::Queue', 'ServiceInputQueue')}.Arn>`,
      output: `<${id('AWS::SQS::Queue', 'ServiceOutputQueue')}.Arn>`,
    };
  }

  it('allow a client to submit requests, and nothing else', () => {
    const { statements, bucket, input } = statementsFor((service, role) => service.grantSubmit(role));
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
        Resource: input,
      },
      {
        Effect: 'Allow',
        Action: ['s3:AbortMultipartUpload', 's3:PutObject'],
        Resource: [`${bucket}/payloads/*`, `${bucket}/requests/*`],
      },
    ]);
  });

  it('allow a client to consume outcomes, and nothing else', () => {
    const { statements, bucket, output } = statementsFor((service, role) => service.grantConsume(role));
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: [
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:GetQueueUrl',
          'sqs:ReceiveMessage',
        ],
        Resource: output,
      },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: `${bucket}/results/*`,
      },
      {
        Effect: 'Allow',
        Action: ['s3:DeleteObject', 's3:GetObject'],
        Resource: `${bucket}/consumer-copies/*`,
      },
    ]);
  });

  it('allow a client to call the HTTP API, and nothing else', () => {
    const { stack, service, template } = serviceInApp({ api: {} });
    const client = new Role(stack, 'Client', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    service.grantInvokeApi(client);
    const api = resource(template(), 'AWS::ApiGatewayV2::Api').id;
    const policy = resource(template(), 'AWS::IAM::Policy', 'Client').properties.PolicyDocument;
    expect(readable(policy.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: 'execute-api:Invoke',
        Resource: [
          'batches*',
          'limits*',
          'openapi.json',
          'receipts*',
          'requests*',
          'schedules*',
          'status',
          'uploads*',
          'webhook-endpoints*',
        ].map(
          (path) => `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${api}>/*/*/v1/${path}`,
        ),
      },
    ]);
  });

  it('allow an operator to make every call of the HTTP API', () => {
    const { stack, service, template } = serviceInApp({ api: {} });
    const operator = new Role(stack, 'Operator', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    service.grantOperateApi(operator);
    const api = resource(template(), 'AWS::ApiGatewayV2::Api').id;
    const policy = resource(template(), 'AWS::IAM::Policy', 'Operator').properties.PolicyDocument;
    expect(readable(policy.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: 'execute-api:Invoke',
        Resource: `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${api}>/*/*/v1/*`,
      },
    ]);
  });

  it("fail for an API that doesn't exist or doesn't use AWS credentials", () => {
    const grantee = new AccountPrincipal('123456789012');
    expect(() => serviceInApp().service.grantInvokeApi(grantee)).toThrow(
      'Stack/Service has no HTTP API: set the prop api',
    );
    const auth = ApiAuth.none({ openToAnyone: true });
    expect(() => serviceInApp({ api: { auth } }).service.grantInvokeApi(grantee)).toThrow(
      'Stack/Service/Api must have ApiAuth.iam() to grant permission to call it, got ApiAuth.none()',
    );
  });

  describe('in another account or region', () => {
    const HOME = { account: '123456789012', region: 'eu-central-1' };
    const OTHER = { account: '210987654321', region: 'eu-central-1' };
    const roleIn =
      (env: Environment, roleName?: string) =>
      (service: Stack): Role =>
        new Role(new Stack(service.node.root as App, 'Other', { env }), 'Role', {
          roleName,
          assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
        });
    const importedRole = (account: string) => (stack: Stack) =>
      Role.fromRoleArn(stack, 'Imported', `arn:aws:iam::${account}:role/role`);
    const elsewhere = (resource: string, account = HOME.account, region = HOME.region) =>
      `Other/Role can't be granted access to Stack/Service/${resource}: it is in ${OTHER.account}/eu-central-1, the ` +
      `resource in ${account}/${region}, and names that are generated at deployment are known only in their own account and ` +
      'region. Make a role in the stack of the service that the principal may assume, for example with assumedBy: new ' +
      "AccountPrincipal('111122223333'), and grant access to that role";
    const onlyOwn = (principal: string) =>
      `Stack/Service/Api can be called only by principals of its own account, 123456789012, got ${principal} of 210987654321. ` +
      'Make a role in the stack of the service';
    const withoutPolicy = (principal: string) =>
      `Stack/Service/Api can be called only by principals with a policy of their own, such as a Role, got ${principal}. Make a role`;

    it.each([
      ['grantSubmit', roleIn(OTHER), HOME, elsewhere('Input/Queue')],
      ['grantSubmit', roleIn(OTHER, 'chosen'), HOME, elsewhere('Input/Queue')],
      ['grantSubmit', roleIn(OTHER), {}, elsewhere('Input/Queue', 'an unknown account', 'an unknown region')],
      ['grantSubmit', roleIn({ ...HOME, region: 'eu-west-1' }), HOME, "can't be granted access to"],
      ['grantConsume', roleIn(OTHER), HOME, elsewhere('Output/Queue')],
      ['grantReadResults', roleIn(OTHER), HOME, elsewhere('Payloads/Bucket')],
      ['grantInvokeApi', roleIn(OTHER), HOME, onlyOwn('Other/Role')],
      ['grantOperateApi', importedRole(OTHER.account), HOME, onlyOwn('Stack/Imported')],
      ['grantInvokeApi', () => new AccountPrincipal(OTHER.account), HOME, onlyOwn('AccountPrincipal')],
      ['grantInvokeApi', () => new AccountPrincipal(HOME.account), HOME, withoutPolicy('AccountPrincipal')],
      ['grantInvokeApi', () => new ArnPrincipal('arn:x'), {}, withoutPolicy('ArnPrincipal')],
    ] as const)(
      '%s of what the deployment would refuse or ignore says what to do (%#)',
      (grant, principal, env, expected) => {
        const stack = new Stack(emptyApp(), 'Stack', { env });
        const { service } = serviceIn(stack, { api: {} });
        expect(() => service[grant](principal(stack))).toThrow(expected);
      },
    );

    it.each([
      ['grantSubmit', importedRole(OTHER.account), HOME],
      ['grantConsume', () => new ArnPrincipal(`arn:aws:iam::${OTHER.account}:role/role`), HOME],
      ['grantInvokeApi', importedRole(HOME.account), HOME],
      ['grantInvokeApi', importedRole(OTHER.account), {}],
      ['grantInvokeApi', roleIn(HOME), HOME],
      ['grantSubmit', roleIn(HOME), HOME],
    ] as const)('%s of what the templates can say passes (%#)', (grant, principal, env) => {
      const stack = new Stack(emptyApp(), 'Stack', { env });
      const { service } = serviceIn(stack, { api: {} });
      expect(service[grant](principal(stack)).success).toBe(true);
      expect(() =>
        stack.node.root.node
          .findAll()
          .filter(Stack.isStack)
          .map((each) => Template.fromStack(each)),
      ).not.toThrow();
    });
  });

  it('allow another account in the policies of the queue and the bucket', () => {
    const { service, template } = serviceInApp();
    service.grantSubmit(new AccountPrincipal('123456789012'));
    for (const [type, beginning] of [
      ['AWS::SQS::QueuePolicy', 'ServiceInputQueue'],
      ['AWS::S3::BucketPolicy', ''],
    ] as const) {
      const { Statement } = resource(template(), type, beginning).properties.PolicyDocument;
      expect(JSON.stringify(Statement)).toContain(':iam::123456789012:root');
    }
  });
});

describe('metrics', () => {
  const { stack, service } = serviceInApp();

  it.each([
    ['metricAccepted', 'AWS/SQS', 'NumberOfMessagesSent', 'ServiceInputQueue'],
    ['metricQueueDepth', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'ServiceInputQueue'],
    ['metricInFlight', 'AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', 'ServiceInputQueue'],
    ['metricAgeOfOldestRequest', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 'ServiceInputQueue'],
    ['metricDeadLetters', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'ServiceInputDeadLetters'],
    ['metricOutputDepth', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'ServiceOutputQueue'],
    ['metricOutputDeadLetters', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'ServiceOutputDeadLetters'],
    ['metricInvocations', 'AWS/Lambda', 'Invocations', 'ServiceProcessor'],
    ['metricErrors', 'AWS/Lambda', 'Errors', 'ServiceProcessor'],
    ['metricThrottles', 'AWS/Lambda', 'Throttles', 'ServiceProcessor'],
    ['metricDuration', 'AWS/Lambda', 'Duration', 'ServiceProcessor'],
  ] as const)('%s is %s %s of %s', (method, namespace, metricName, dimension) => {
    const metric = service[method]({ period: Duration.minutes(1) });
    expect(metric).toMatchObject({ namespace, metricName, period: Duration.minutes(1) });
    expect(JSON.stringify(stack.resolve(metric.dimensions))).toContain(`"${dimension}`);
  });
});

it('can be in one stack twice', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  for (const id of ['One', 'Two']) new AsyncService(stack, id, { entry: ENTRY });
  expect(() => app.synth()).not.toThrow();
});
