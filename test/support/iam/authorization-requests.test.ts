import { expect, test } from 'vitest';
import { authorizationRequestsOf } from './authorization-requests.ts';
import type { RecordedCall } from './recorded-call.ts';

const BUCKET = 'arn:aws:s3:::bucket';
const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/table';
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:queue';

function askedBy(call: Partial<RecordedCall>): [action: string, resource: string][] {
  return requestsOf(call).map(({ action, resource }) => [action, resource]);
}

function requestsOf(call: Partial<RecordedCall>) {
  const defaults = {
    caller: '',
    presigned: false,
    service: 's3',
    method: 'GET',
    url: '/',
    body: '',
    status: 200,
  };
  return authorizationRequestsOf({ ...defaults, headers: {}, ...call });
}

function json(service: string, target: string, body: unknown): Partial<RecordedCall> {
  return { service, method: 'POST', headers: { 'x-amz-target': target }, body: JSON.stringify(body) };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
test.each<[string, Partial<RecordedCall>, string[]]>([
  ['HeadObject', { method: 'HEAD', url: '/bucket/a/b' }, ['s3:GetObject']],
  ['GetObject of a version', { url: '/bucket/a/b?versionId=1&x-id=GetObject' }, ['s3:GetObjectVersion']],
  ['GetObject of a missing object', { url: '/bucket/a/b', status: 404 }, ['s3:GetObject', 's3:ListBucket']],
  ['PutObject', { method: 'PUT', url: '/bucket/a/b' }, ['s3:PutObject']],
  [
    'PutObject if it matches',
    { method: 'PUT', url: '/bucket/a/b', headers: { 'if-match': '"e"' } },
    ['s3:PutObject', 's3:GetObject'],
  ],
  ['CreateMultipartUpload', { method: 'POST', url: '/bucket/a/b?uploads=' }, ['s3:PutObject']],
  ['UploadPart', { method: 'PUT', url: '/bucket/a/b?partNumber=1&uploadId=u' }, ['s3:PutObject']],
  ['CompleteMultipartUpload', { method: 'POST', url: '/bucket/a/b?uploadId=u' }, ['s3:PutObject']],
  ['AbortMultipartUpload', { method: 'DELETE', url: '/bucket/a/b?uploadId=u' }, ['s3:AbortMultipartUpload']],
  ['ListParts', { url: '/bucket/a/b?uploadId=u' }, ['s3:ListMultipartUploadParts']],
  ['DeleteObject', { method: 'DELETE', url: '/bucket/a/b' }, ['s3:DeleteObject']],
  [
    'DeleteObject of a version',
    { method: 'DELETE', url: '/bucket/a/b?versionId=1' },
    ['s3:DeleteObjectVersion'],
  ],
])('%s needs %3$j', (_, call, actions) => {
  expect(askedBy(call)).toEqual(
    actions.map((action) => [action, action === 's3:ListBucket' ? BUCKET : `${BUCKET}/a/b`]),
  );
});

test.each([
  ['DescribeAlarms', 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:*'],
  ['GetMetricData', '*'],
])('%s of CloudWatch is about %s', (operation, resource) => {
  const call = json('monitoring', `GraniteServiceVersion20100801.${operation}`, {});
  expect(askedBy(call)).toEqual([[`cloudwatch:${operation}`, resource]]);
});

test('a batch of messages needs the permission to publish one', () => {
  const TopicArn = 'arn:aws:sns:us-east-1:000000000000:topic';
  const body = String(new URLSearchParams({ Action: 'PublishBatch', TopicArn }));
  expect(askedBy({ service: 'sns', method: 'POST', body })).toEqual([['sns:Publish', TopicArn]]);
});

test('a missing object is looked for under its key', () => {
  const [, list] = requestsOf({ url: '/bucket/a%20b', status: 404 });
  expect(list?.context).toMatchObject({ 's3:prefix': 'a b' });
});

test('CopyObject reads its source', () => {
  const headers = { 'x-amz-copy-source': 'bucket/results/%C3%BC?versionId=1' };
  expect(askedBy({ method: 'PUT', url: '/bucket/copy', headers })).toEqual([
    ['s3:PutObject', `${BUCKET}/copy`],
    ['s3:GetObjectVersion', `${BUCKET}/results/ü`],
  ]);
});

test('a form puts the object that it names', () => {
  const body = '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nrequests/a\r\n--b--';
  expect(askedBy({ method: 'POST', url: '/bucket', body })).toEqual([
    ['s3:PutObject', `${BUCKET}/requests/a`],
  ]);
});

test.each([
  ['SendMessageBatch', 'sqs:SendMessage'],
  ['ChangeMessageVisibilityBatch', 'sqs:ChangeMessageVisibility'],
  ['ReceiveMessage', 'sqs:ReceiveMessage'],
])('%s needs %s', (operation, action) => {
  const body = { QueueUrl: 'http://127.0.0.1:4566/000000000000/queue' };
  expect(askedBy(json('sqs', `AmazonSQS.${operation}`, body))).toEqual([[action, QUEUE]]);
});

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html */
test('each statement of PartiQL needs its own action', () => {
  const Statements = [
    { Statement: 'SELECT * FROM "table" WHERE "pk" = ?', Parameters: [{ S: 'request#1' }] },
    { Statement: 'SELECT * FROM "table"."newest" WHERE "list" = ?' },
    { Statement: 'SELECT * FROM "table" WHERE "status" = ?' },
    { Statement: `INSERT INTO "table" VALUE {'pk': ?}` },
    { Statement: 'UPDATE "table" SET "status" = ? REMOVE "outcome" WHERE "pk" = ?' },
    { Statement: 'DELETE FROM "table" WHERE "pk" = ?' },
  ];
  const requests = requestsOf(json('dynamodb', 'DynamoDB_20120810.BatchExecuteStatement', { Statements }));
  expect(requests.map(({ action, resource }) => [action, resource])).toEqual([
    ['dynamodb:PartiQLSelect', TABLE],
    ['dynamodb:PartiQLSelect', `${TABLE}/index/newest`],
    ['dynamodb:PartiQLSelect', TABLE],
    ['dynamodb:PartiQLInsert', TABLE],
    ['dynamodb:PartiQLUpdate', TABLE],
    ['dynamodb:PartiQLDelete', TABLE],
  ]);
  const [byKey, byIndex, scan, , update] = requests.map(({ context }) => context);
  expect([byKey, byIndex, scan].map((context) => context?.['dynamodb:FullTableScan'])).toEqual([
    'false',
    'false',
    'true',
  ]);
  expect(byKey?.['dynamodb:LeadingKeys']).toEqual(['request#1']);
  expect(update?.['dynamodb:Attributes']).toEqual(['status', 'outcome', 'pk']);
});

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html */
test('a transaction needs the permission for each of its calls', () => {
  const TransactItems = [
    { Update: { TableName: 'table', Key: { pk: { S: 'batch#1' } }, UpdateExpression: 'ADD #a :a' } },
    { Put: { TableName: 'table', Item: { pk: { S: 'batch#2' } } } },
  ];
  const requests = requestsOf(json('dynamodb', 'DynamoDB_20120810.TransactWriteItems', { TransactItems }));
  expect(requests).toMatchObject([
    { action: 'dynamodb:UpdateItem', resource: TABLE, context: { 'dynamodb:LeadingKeys': ['batch#1'] } },
    { action: 'dynamodb:PutItem', resource: TABLE, context: { 'dynamodb:LeadingKeys': ['batch#2'] } },
  ]);
});

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html */
test('an update names all its attributes, and what it returns', () => {
  const [request] = requestsOf(
    json('dynamodb', 'DynamoDB_20120810.UpdateItem', {
      TableName: 'table',
      Key: { pk: { S: 'request#1' } },
      UpdateExpression: 'SET #a = :a, b = if_not_exists(c, :b)',
      ConditionExpression: 'attribute_exists(pk) AND #d < :d',
      ExpressionAttributeNames: { '#a': 'first', '#d': 'fourth' },
    }),
  );
  expect(request).toMatchObject({ action: 'dynamodb:UpdateItem', resource: TABLE });
  expect(request?.context).toMatchObject({
    'dynamodb:Attributes': ['pk', 'first', 'b', 'c', 'fourth'],
    'dynamodb:LeadingKeys': ['request#1'],
    'dynamodb:ReturnValues': 'NONE',
  });
});

test('a query of an index needs permission on the index', () => {
  const body = { TableName: 'table', IndexName: 'newest', KeyConditionExpression: '#list = :list' };
  expect(askedBy(json('dynamodb', 'DynamoDB_20120810.Query', body))).toEqual([
    ['dynamodb:Query', `${TABLE}/index/newest`],
  ]);
});

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html */
test('a transaction asks for the right of each of its writes', () => {
  const write = { TableName: 'table', Key: { pk: { S: 'request#1' } } };
  const TransactItems = [
    { Update: write },
    { ConditionCheck: write },
    { Put: { ...write, TableName: 'other' } },
  ];
  expect(askedBy(json('dynamodb', 'DynamoDB_20120810.TransactWriteItems', { TransactItems }))).toEqual([
    ['dynamodb:UpdateItem', TABLE],
    ['dynamodb:ConditionCheckItem', TABLE],
    ['dynamodb:PutItem', TABLE.replace(/table$/, 'other')],
  ]);
});

/** @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/security_iam_id-based-policies.html */
test('creating a schedule passes a role', () => {
  const role = 'arn:aws:iam::000000000000:role/schedule';
  const body = JSON.stringify({ GroupName: 'group', Target: { RoleArn: role } });
  const call = { service: 'scheduler', method: 'POST', url: '/schedules/name', body };
  expect(requestsOf(call)).toMatchObject([
    {
      action: 'scheduler:CreateSchedule',
      resource: 'arn:aws:scheduler:us-east-1:000000000000:schedule/group/name',
    },
    { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  ]);
});

test.each([
  ['GET', 'scheduler:GetSchedule'],
  ['DELETE', 'scheduler:DeleteSchedule'],
])('%s of a schedule passes none', (method, action) => {
  const call = { service: 'scheduler', method, url: '/schedules/na%2Eme?groupName=group' };
  expect(requestsOf(call)).toMatchObject([
    { action, resource: 'arn:aws:scheduler:us-east-1:000000000000:schedule/group/na.me' },
  ]);
});

test('a call of an HTTP API needs permission on its route', () => {
  const call = {
    service: 'execute-api',
    method: 'POST',
    url: '/_aws/execute-api/api1/$default/v1/requests?a=1',
  };
  expect(askedBy(call)).toEqual([
    ['execute-api:Invoke', 'arn:aws:execute-api:us-east-1:000000000000:api1/$default/POST/v1/requests'],
  ]);
});

test.each<[string, Partial<RecordedCall>]>([
  ['an operation of S3', { url: '/bucket/key?torrent=' }],
  ['a service', { service: 'ec2' }],
  [
    'a statement',
    json('dynamodb', 'DynamoDB_20120810.BatchExecuteStatement', { Statements: [{ Statement: 'EXISTS(…)' }] }),
  ],
])('%s that isn’t known is an error', (_, call) => {
  expect(() =>
    authorizationRequestsOf({
      caller: '',
      presigned: false,
      service: 's3',
      method: 'GET',
      url: '/',
      headers: {},
      body: '',
      status: 200,
      ...call,
    }),
  ).toThrow('unknown permissions of');
});
