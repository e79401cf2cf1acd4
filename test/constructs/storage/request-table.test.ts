import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { RequestTable } from '../../../lib/constructs/storage/request-table.ts';
import { readable, resource, serviceInApp } from '../service-in-app.ts';

function tableOf(props: Partial<AsyncServiceProps> = {}) {
  return resource(serviceInApp(props).template(), 'AWS::DynamoDB::GlobalTable');
}

/** Sparse: only failed records have its keys. */
const FAILURES_INDEX = {
  IndexName: 'failures',
  KeySchema: [
    { AttributeName: 'failureList', KeyType: 'HASH' },
    { AttributeName: 'failurePosition', KeyType: 'RANGE' },
  ],
  Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['failureTenant'] },
};

function attributes(...names: readonly string[]) {
  return names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
}

it('has on-demand billing, a time to live and point-in-time recovery', () => {
  expect(readable(tableOf().properties)).toEqual({
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: attributes('pk', 'failureList', 'failurePosition'),
    GlobalSecondaryIndexes: [FAILURES_INDEX],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    Replicas: [
      {
        Region: '<AWS::Region>',
        GlobalSecondaryIndexes: [{ IndexName: 'failures' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    ],
    // Without an SSESpecification, DynamoDB encrypts with a key that it owns.
  });
});

it('can do without point-in-time recovery', () => {
  const [replica] = tableOf({ records: { pointInTimeRecovery: false } }).properties.Replicas;
  expect(replica.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: false });
});

it('outlives its stack, unless its creation is rolled back', () => {
  expect(tableOf().deletionPolicy).toBe('RetainExceptOnCreate');
  expect(tableOf({ removalPolicy: RemovalPolicy.DESTROY }).deletionPolicy).toBe('Delete');
});

it('has an index of keys for lists, with an API', () => {
  const stack = new Stack();
  const removalPolicy = RemovalPolicy.DESTROY;
  new RequestTable(stack, 'Requests', {
    listed: true,
    streamed: false,
    pointInTimeRecovery: false,
    removalPolicy,
  });
  Template.fromStack(stack).hasResourceProperties('AWS::DynamoDB::GlobalTable', {
    AttributeDefinitions: attributes('pk', 'list', 'position', 'failureList', 'failurePosition'),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'newest',
        KeySchema: [
          { AttributeName: 'list', KeyType: 'HASH' },
          { AttributeName: 'position', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      FAILURES_INDEX,
    ],
  });
});
