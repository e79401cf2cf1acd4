import { Duration, Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { expect, it, test } from 'vitest';
import type { AsyncServiceProps } from '../../lib/constructs/index.ts';
import { readAuditEnvironment } from '../../lib/core/config/audit-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

const AUDIT = { every: Duration.hours(6) };

function audited(props: Partial<AsyncServiceProps> = {}) {
  return serviceInApp({ observability: { audit: AUDIT }, ...props });
}

function environmentOf(template: Template) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceAudit').properties.Environment;
  return readAuditEnvironment(readable(Variables) as Record<string, string>);
}

function idOf(template: Template, type: string, beginning: string): string {
  return resource(template, type, beginning).id;
}

it('is off by default', () => {
  const { service, template } = serviceInApp();
  expect(service.audit).toBeUndefined();
  expect(resources(template()).filter(({ id }) => id.includes('Audit'))).toEqual([]);
});

it('is a function that a rule invokes, and that knows all stores', () => {
  const template = audited({
    observability: { audit: { ...AUDIT, except: ['dead_letter_missing'] } },
    queue: { lanes: {} },
    payloads: { prefixes: { results: 'outcomes/' } },
  }).template();
  const { id } = resource(template, 'AWS::Lambda::Function', 'ServiceAudit');
  const rule = resource(template, 'AWS::Events::Rule', 'ServiceAudit').properties;
  expect(rule.ScheduleExpression).toBe('rate(6 hours)');
  expect(readable(rule.Targets)).toEqual([{ Arn: `<${id}.Arn>`, Id: 'Target0' }]);
  const queue = (beginning: string) => `<${idOf(template, 'AWS::SQS::Queue', beginning)}>`;
  expect(environmentOf(template)).toEqual({
    serviceName: 'Stack/Service',
    requestTable: `<${idOf(template, 'AWS::DynamoDB::GlobalTable', 'ServiceRequests')}>`,
    payloadBucket: `<${idOf(template, 'AWS::S3::Bucket', 'ServicePayloads')}>`,
    auditedPrefixes: ['payloads/', 'outcomes/', 'requests/'],
    inputQueueUrls: [queue('ServiceInputQueue'), queue('ServiceHighInput'), queue('ServiceLowInput')],
    deadLetterQueueUrls: [queue('ServiceInputDeadLetters')],
    resultAgeDays: 15,
    recordAgeDays: 30,
    exceptedVerdicts: ['dead_letter_missing'],
  });
});

it('may read the stores and keep the ledger, and nothing else', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const { template } = serviceIn(stack, {
    observability: { audit: AUDIT },
    payloads: { sources: [{ bucket: Bucket.fromBucketName(stack, 'Partner', 'partner'), prefix: 'in/' }] },
  });
  const { Statement } = resource(template(), 'AWS::IAM::Policy', 'ServiceAudit').properties.PolicyDocument;
  const bucket = idOf(template(), 'AWS::S3::Bucket', 'ServicePayloads');
  const partner = 'arn:<AWS::Partition>:s3:::partner';
  const queues = ['ServiceInputDeadLetters', 'ServiceInputQueue'];
  const inBucket = ['payloads', 'requests', 'results'].map((prefix) => `<${bucket}.Arn>/${prefix}/*`);
  const reading = ['s3:GetObject', 's3:GetObjectVersion'];
  const listing = (arn: string, prefixes: string[]) => ({
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: arn,
    Condition: { StringLike: { 's3:prefix': prefixes } },
  });
  const statements = readable(Statement) as object[];
  expect(statements).toHaveLength(7);
  expect(statements).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
      {
        Effect: 'Allow',
        Action: 'dynamodb:Scan',
        Resource: `<${idOf(template(), 'AWS::DynamoDB::GlobalTable', 'ServiceRequests')}.Arn>`,
      },
      {
        Effect: 'Allow',
        Action: 'dynamodb:PutItem',
        Resource: `<${idOf(template(), 'AWS::DynamoDB::GlobalTable', 'ServiceRequests')}.Arn>`,
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ledger'] } },
      },
      { Effect: 'Allow', Action: reading, Resource: [`${partner}/in/*`, ...inBucket] },
      listing(`<${bucket}.Arn>`, ['payloads/*', 'results/*', 'requests/*']),
      listing(partner, ['in/*']),
      {
        Effect: 'Allow',
        Action: 'sqs:GetQueueAttributes',
        Resource: queues.map((each) => `<${idOf(template(), 'AWS::SQS::Queue', each)}.Arn>`),
      },
    ]),
  );
});

it('looks at the queues of processors behind as well, since their requests are in the same table', () => {
  const { service, template } = audited({ topics: ['*'] });
  const added = service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'] });
  expect(added.audit).toBeUndefined();
  const queue = (beginning: string) => `<${idOf(template(), 'AWS::SQS::Queue', beginning)}>`;
  expect(environmentOf(template())).toMatchObject({
    inputQueueUrls: [queue('ServiceInputQueue'), queue('ServiceReportsInputQueue')],
    deadLetterQueueUrls: [queue('ServiceInputDeadLetters'), queue('ServiceReportsInputDeadLetters')],
  });
  expect(() =>
    service.addProcessor('Images', { entry: ENTRY, topics: ['images'], observability: { audit: AUDIT } }),
  ).toThrow(
    'observability.audit must be left out, got it: the audits of Stack/Service look at all its processors',
  );
});

it('has alarms: on requests that drift, until an audit finds none, and on audits that fail', () => {
  const { service, template } = audited();
  const alarm = (beginning: string) => resource(template(), 'AWS::CloudWatch::Alarm', beginning).properties;
  expect(alarm('ServiceAlarmsLedgerDrift')).toMatchObject({
    Namespace: 'Coatcheck',
    MetricName: 'LedgerDrift',
    Dimensions: [{ Name: 'service', Value: 'Stack/Service' }],
    Statistic: 'Maximum',
    Threshold: 1,
    TreatMissingData: 'ignore',
  });
  expect(readable(alarm('ServiceAlarmsAuditErrors'))).toMatchObject({
    MetricName: 'Errors',
    Dimensions: [
      { Name: 'FunctionName', Value: `<${idOf(template(), 'AWS::Lambda::Function', 'ServiceAudit')}>` },
    ],
  });
  expect(service.alarms.map(({ node }) => node.id)).toEqual(
    expect.arrayContaining(['LedgerDrift', 'AuditErrors']),
  );
});

test.each([
  [
    { audit: { every: Duration.minutes(59) } },
    'observability.audit.every must be a whole number of seconds from 3600 to 604800, got 3540',
  ],
  [
    { audit: { every: Duration.days(8) } },
    'observability.audit.every must be a whole number of seconds from 3600 to 604800, got 691200',
  ],
  [
    { audit: { every: Duration.seconds(3_601) } },
    'observability.audit.every must be whole minutes, got 1 hour 1 second',
  ],
  [
    { audit: AUDIT, metrics: false },
    'observability.metrics must not be false if observability.audit is set, got false',
  ],
])('refuses %j', (observability, problem) => {
  expect(() => serviceInApp({ observability })).toThrow(problem);
});

nagIt('has no findings of cdk-nag, also with a key of its own', () => {
  for (const withKey of [false, true]) {
    const stack = new Stack(emptyApp(), 'Stack');
    serviceIn(stack, {
      observability: { audit: AUDIT },
      ...(withKey && { encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) }),
    });
    expect(nagFindingsIn(stack)).toEqual([]);
  }
});
