import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { RequestTable } from '../../../lib/constructs/storage/request-table.ts';
import { readable, resource, serviceInApp } from '../service-in-app.ts';

function tableOf(props: Partial<AsyncServiceProps> = {}) {
  return resource(serviceInApp(props).template(), 'AWS::DynamoDB::GlobalTable');
}

it('is paid by use, drops records that are past their time, and can be put back', () => {
  expect(readable(tableOf().properties)).toEqual({
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    Replicas: [
      {
        Region: '<AWS::Region>',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    ],
    // Without an SSESpecification DynamoDB encrypts with a key of its own.
  });
});

it("can't be put back where nobody wants to pay for it", () => {
  const [replica] = tableOf({ records: { pointInTimeRecovery: false } }).properties.Replicas;
  expect(replica.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: false });
});

it('outlives its stack, except when creating it is rolled back', () => {
  expect(tableOf().deletionPolicy).toBe('RetainExceptOnCreate');
  expect(tableOf({ removalPolicy: RemovalPolicy.DESTROY }).deletionPolicy).toBe('Delete');
});

it('lists its records in an index of keys, where that is asked for', () => {
  const stack = new Stack();
  const removalPolicy = RemovalPolicy.DESTROY;
  new RequestTable(stack, 'Requests', { listed: true, pointInTimeRecovery: false, removalPolicy });
  Template.fromStack(stack).hasResourceProperties('AWS::DynamoDB::GlobalTable', {
    AttributeDefinitions: ['pk', 'list', 'position'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'newest',
        KeySchema: [
          { AttributeName: 'list', KeyType: 'HASH' },
          { AttributeName: 'position', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
});
