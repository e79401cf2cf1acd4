import { Duration } from 'aws-cdk-lib';
import { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, it } from 'vitest';
import { ApiAuth, type RequestApiProps } from '../../lib/constructs/index.ts';
import { readable, resource, resources, serviceInApp } from './service-in-app.ts';

function apiTemplate(api: RequestApiProps = {}) {
  return serviceInApp({ api }).template();
}

describe('with defaults', () => {
  const template = apiTemplate();

  it('has an API with four routes, a stage, a function, a role, logs and alarms', () => {
    const counts: Record<string, number> = {};
    const ofApi = resources(template).filter(({ id }) => /^Service(?:Alarms)?Api/.test(id));
    for (const { type } of ofApi) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toEqual({
      'AWS::ApiGatewayV2::Api': 1,
      'AWS::ApiGatewayV2::Integration': 1,
      'AWS::ApiGatewayV2::Route': 4,
      'AWS::ApiGatewayV2::Stage': 1,
      'AWS::Lambda::Function': 1,
      'AWS::Lambda::Permission': expect.any(Number),
      'AWS::IAM::Role': 1,
      'AWS::IAM::Policy': 1,
      'AWS::Logs::LogGroup': 2,
      'AWS::CloudWatch::Alarm': 3,
    });
  });

  it('requires AWS credentials on every path', () => {
    const routes = resources(template).filter(({ type }) => type === 'AWS::ApiGatewayV2::Route');
    expect(routes.map(({ properties }) => [properties.RouteKey, properties.AuthorizationType])).toEqual([
      ['GET /v1/{proxy+}', 'AWS_IAM'],
      ['POST /v1/{proxy+}', 'AWS_IAM'],
      ['PUT /v1/{proxy+}', 'AWS_IAM'],
      ['DELETE /v1/{proxy+}', 'AWS_IAM'],
    ]);
  });

  it('invokes its function, which only this API can call', () => {
    const { id } = resource(template, 'AWS::Lambda::Function', 'ServiceApi');
    const { id: api } = resource(template, 'AWS::ApiGatewayV2::Api');
    expect(readable(resource(template, 'AWS::ApiGatewayV2::Integration').properties)).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: `<${id}.Arn>`,
      PayloadFormatVersion: '2.0',
    });
    const ofApi = `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${api}>/*/*/`;
    const permissions = resources(template).filter(({ type }) => type === 'AWS::Lambda::Permission');
    // An older CDK has one for each route.
    expect([1, 2]).toContain(permissions.length);
    for (const { properties } of permissions) {
      expect(readable(properties)).toEqual({
        Action: 'lambda:InvokeFunction',
        FunctionName: `<${id}.Arn>`,
        Principal: 'apigateway.amazonaws.com',
        SourceArn: expect.stringContaining(ofApi),
      });
    }
  });

  it('has a function with the runtime of the processor and the timeout of API Gateway', () => {
    expect(resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 29,
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO' },
    });
    expect(resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties).not.toHaveProperty(
      'ReservedConcurrentExecutions',
    );
  });

  it('logs each call as JSON without the query', () => {
    const stage = resource(template, 'AWS::ApiGatewayV2::Stage').properties;
    expect(stage).toMatchObject({ StageName: '$default', AutoDeploy: true });
    const logs = resource(template, 'AWS::Logs::LogGroup', 'ServiceApiAccessLogs');
    expect(readable(stage.AccessLogSettings.DestinationArn)).toBe(`<${logs.id}.Arn>`);
    const format: Record<string, string> = JSON.parse(stage.AccessLogSettings.Format);
    expect(format).toMatchObject({
      requestId: '$context.requestId',
      path: '$context.path',
      status: '$context.status',
    });
    expect(JSON.stringify(format)).not.toMatch(/query|requestOverride|protocol/i);
  });

  it('has no CORS', () => {
    expect(resource(template, 'AWS::ApiGatewayV2::Api').properties).not.toHaveProperty('CorsConfiguration');
  });
});

it('has permission for its own calls and no others', () => {
  const template = apiTemplate();
  const id = (type: string, beginning?: string) => resource(template, type, beginning).id;
  const bucket = `<${id('AWS::S3::Bucket')}.Arn>`;
  const table = `<${id('AWS::DynamoDB::GlobalTable')}.Arn>`;
  const { PolicyDocument } = resource(template, 'AWS::IAM::Policy', 'ServiceApi').properties;
  expect(readable(PolicyDocument.Statement)).toEqual([
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `<${id('AWS::Logs::LogGroup', 'ServiceApiFunctionLogs')}.Arn>`,
    },
    {
      Effect: 'Allow',
      Action: ['sqs:GetQueueAttributes', 'sqs:SendMessage'],
      Resource: `<${id('AWS::SQS::Queue', 'ServiceInputQueue')}.Arn>`,
    },
    {
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: `<${id('AWS::SQS::Queue', 'ServicePausesQueue')}.Arn>`,
    },
    {
      Effect: 'Allow',
      Action: 'cloudwatch:DescribeAlarms',
      Resource: expect.stringMatching(/:cloudwatch:.*:alarm:\*$/),
    },
    {
      Effect: 'Allow',
      Action: [
        'dynamodb:BatchGetItem',
        'dynamodb:GetItem',
        'dynamodb:PartiQLInsert',
        'dynamodb:PartiQLSelect',
        'dynamodb:PartiQLUpdate',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
      ],
      Resource: table,
    },
    {
      Effect: 'Deny',
      Action: 'dynamodb:PartiQLSelect',
      Resource: table,
      Condition: { Bool: { 'dynamodb:FullTableScan': 'true' } },
    },
    {
      Effect: 'Allow',
      Action: 'dynamodb:Query',
      Resource: [`${table}/index/failures`, `${table}/index/newest`],
    },
    {
      Effect: 'Allow',
      Action: 's3:PutObject',
      Resource: [`${bucket}/payloads/*`, `${bucket}/requests/tickets/*`],
    },
    { Effect: 'Allow', Action: 's3:AbortMultipartUpload', Resource: `${bucket}/requests/tickets/*` },
    { Effect: 'Allow', Action: 's3:GetObjectVersion', Resource: `${bucket}/results/*` },
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: [`${bucket}/payloads/*`, `${bucket}/requests/*`],
    },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: bucket,
      Condition: { StringLike: { 's3:prefix': ['requests/*', 'payloads/*'] } },
    },
  ]);
  expect(Object.keys(resource(template, 'AWS::IAM::Role', 'ServiceApi').properties)).toEqual([
    'AssumeRolePolicyDocument',
  ]);
});

it('can require a token', () => {
  const auth = ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: ['one', 'two'] });
  const template = apiTemplate({ auth });
  const authorizer = resource(template, 'AWS::ApiGatewayV2::Authorizer');
  expect(authorizer.properties).toMatchObject({
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Issuer: 'https://issuer.example.com', Audience: ['one', 'two'] },
  });
  for (const method of ['GET', 'POST']) {
    const { properties } = resource(template, 'AWS::ApiGatewayV2::Route', `ServiceApiHttp${method}`);
    expect(readable(properties)).toMatchObject({
      AuthorizationType: 'JWT',
      AuthorizerId: `<${authorizer.id}>`,
    });
  }
});

it('can be open to anyone', () => {
  const template = apiTemplate({ auth: ApiAuth.none({ openToAnyone: true }) });
  const { properties } = resource(template, 'AWS::ApiGatewayV2::Route', 'ServiceApiHttpPOST');
  expect(properties.AuthorizationType).toBe('NONE');
});

it('can share its ApiAuth with another service', () => {
  const auth = ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: 'one' });
  for (const template of [apiTemplate({ auth }), apiTemplate({ auth })]) {
    expect(resource(template, 'AWS::ApiGatewayV2::Authorizer').id).toMatch(/^ServiceApi/);
  }
});

it('has CORS for web pages', () => {
  const template = apiTemplate({ corsOrigins: ['https://app.example.com'] });
  expect(resource(template, 'AWS::ApiGatewayV2::Api').properties.CorsConfiguration).toEqual({
    AllowOrigins: ['https://app.example.com'],
    AllowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    AllowHeaders: ['*', 'Authorization'],
    ExposeHeaders: [
      'Location',
      'Retry-After',
      'ETag',
      'Link',
      'Coatcheck-Load',
      'Coatcheck-Receipt',
      'Preference-Applied',
    ],
    MaxAge: 3_600,
  });
});

it('has the log settings of the service', () => {
  const template = serviceInApp({
    api: { maxWait: Duration.minutes(1) },
    observability: { logLevel: ApplicationLogLevel.DEBUG, logRetention: RetentionDays.ONE_YEAR },
  }).template();
  for (const logs of ['ServiceApiFunctionLogs', 'ServiceApiAccessLogs']) {
    expect(resource(template, 'AWS::Logs::LogGroup', logs).properties.RetentionInDays).toBe(365);
  }
  expect(resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties.LoggingConfig).toMatchObject({
    ApplicationLogLevel: 'DEBUG',
  });
});

it('has a URL', () => {
  const { stack, service, template } = serviceInApp({ api: {} });
  const { id } = resource(template(), 'AWS::ApiGatewayV2::Api');
  expect(readable(stack.resolve(service.api?.url))).toBe(`<${id}.ApiEndpoint>`);
  expect(serviceInApp().service.api).toBeUndefined();
});

it('E8: names the access log under the prefix that the resource policy covers, with a suffix per stack', () => {
  const { LogGroupName } = resource(
    serviceInApp({ api: {} }).template(),
    'AWS::Logs::LogGroup',
    'ServiceApiAccessLogs',
  ).properties;
  expect(LogGroupName).toEqual({
    'Fn::Join': [
      '',
      [
        expect.stringMatching(/^\/aws\/vendedlogs\/coatcheck\/Stack-Service-Api-?\w*-$/),
        { 'Fn::Select': [0, expect.objectContaining({ 'Fn::Split': ['-', expect.anything()] })] },
      ],
    ],
  });
});
