import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_LIST } from '../../../lib/core/config/record-table.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../../lib/local/environment.ts';
import type { AuthorizationRequest } from './evaluate.ts';
import type { RecordedCall } from './recorded-call.ts';

/** What a call asks for, without its principal. */
export type Asked = Omit<AuthorizationRequest, 'principal'>;

/** The partition key of tables of applications under test. */
const APPLICATION_KEY = 'PK';

/** The path of HTTP APIs on the local AWS. */
const API_PATH = /^\/_aws\/execute-api\/([^/]+)\/([^/]+)(\/[^?]*)/;

/**
 * Lists the permissions that AWS checks for a call.
 * @throws Error for a call that isn't known here: guessing its permissions would prove nothing
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function authorizationRequestsOf(call: RecordedCall): Asked[] {
  const requests = SERVICES[call.service]?.(call) ?? [];
  if (requests.length === 0) {
    const target = call.headers['x-amz-target'] ?? '';
    throw new Error(`unknown permissions of ${call.service} ${call.method} ${call.url} ${target}`);
  }
  return requests.map((request) => ({
    ...request,
    // The local AWS has no TLS. On AWS, the SDK calls no endpoint without it.
    context: { 'aws:SecureTransport': 'true', ...request.context },
  }));
}

type Reader = (call: RecordedCall) => Asked[];

const SERVICES: Readonly<Record<string, Reader>> = {
  s3: ofS3,
  sqs: ofSqs,
  dynamodb: ofDynamoDb,
  lambda: ofLambda,
  scheduler: ofScheduler,
  events: ofEvents,
  sns: ({ body }) => {
    const form = new URLSearchParams(body);
    // The batch needs the permission of a single message.
    return [asked(`sns:${form.get('Action')?.replace(/Batch$/, '')}`, form.get('TopicArn') ?? '')];
  },
  secretsmanager: ({ headers, body }) => {
    const { SecretId }: { SecretId: string } = JSON.parse(body);
    const secret = SecretId.startsWith('arn:') ? SecretId : arn('secretsmanager', `secret:${SecretId}`);
    return [asked(`secretsmanager:${operationIn(headers)}`, secret)];
  },
  logs: ({ headers, body }) => {
    const { logGroupName }: { logGroupName: string } = JSON.parse(body);
    return [asked(`logs:${operationIn(headers)}`, arn('logs', `log-group:${logGroupName}:log-stream:`))];
  },
  cloudformation: ({ body }) => {
    const form = new URLSearchParams(body);
    const stack = form.get('StackName') ?? '*';
    return [asked(`cloudformation:${form.get('Action')}`, arn('cloudformation', `stack/${stack}/*`))];
  },
  // CloudWatch signs as it was once called. Both calls are about all of the account.
  monitoring: ({ headers }) => {
    const operation = operationIn(headers);
    const resource = { DescribeAlarms: arn('cloudwatch', 'alarm:*'), GetMetricData: '*' }[operation];
    return resource === undefined ? [] : [asked(`cloudwatch:${operation}`, resource)];
  },
  'execute-api': ({ method, url }) => {
    const [, api, stage, path] = API_PATH.exec(url) ?? [];
    return [asked('execute-api:Invoke', arn('execute-api', `${api}/${stage}/${method}${path}`))];
  },
};

function asked(action: string, resource: string, context: Asked['context'] = {}): Asked {
  return { action, resource, context };
}

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;
}

/** The operation of a service that is called by JSON. */
function operationIn(headers: RecordedCall['headers']): string {
  return headers['x-amz-target']?.split('.').at(-1) ?? '';
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html */
function ofSqs({ headers, body }: RecordedCall): Asked[] {
  const { QueueUrl }: { QueueUrl: string } = JSON.parse(body);
  const action = operationIn(headers).replace(/Batch$/, '');
  return [asked(`sqs:${action}`, arn('sqs', QueueUrl.split('/').at(-1) ?? ''))];
}

/** Members of the calls of DynamoDB that IAM looks at. */
interface DynamoDbBody {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly Key?: Readonly<Record<string, AttributeValue>>;
  readonly Item?: Readonly<Record<string, AttributeValue>>;
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys?: readonly Record<string, AttributeValue>[] }>
  >;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>>;
  readonly ReturnValues?: string;
  readonly TransactItems?: readonly Readonly<Record<string, DynamoDbBody>>[];
  readonly Statements?: readonly {
    readonly Statement: string;
    readonly Parameters?: readonly AttributeValue[];
  }[];
  readonly [expression: `${string}Expression`]: string | undefined;
}

/**
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
 */
function ofDynamoDb({ headers, body: json }: RecordedCall): Asked[] {
  const body: DynamoDbBody = JSON.parse(json);
  const operation = operationIn(headers);
  const { Statements, RequestItems, TransactItems } = body;
  if (TransactItems) {
    return TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, write]) => ofItem(`${kind}Item`, write)),
    );
  }
  if (Statements)
    return Statements.map(({ Statement, Parameters }) => ofPartiQl(Statement, Parameters ?? []));
  if (RequestItems) {
    return Object.entries(RequestItems).map(([table, { Keys = [] }]) =>
      asked(`dynamodb:${operation}`, tableArn(table), { 'dynamodb:LeadingKeys': Keys.flatMap(keysIn) }),
    );
  }
  return [ofItem(operation, body)];
}

/** A call about the items of one table. In a transaction, each write needs the right of a call of its own. */
function ofItem(operation: string, body: DynamoDbBody): Asked {
  const { TableName = '', IndexName } = body;
  const leading = keysIn({ ...body.Key, ...body.Item });
  return asked(`dynamodb:${operation}`, tableArn(TableName, IndexName), {
    'dynamodb:Attributes': attributesIn(body),
    ...(leading.length > 0 && { 'dynamodb:LeadingKeys': leading }),
    ...(operation === 'UpdateItem' && { 'dynamodb:ReturnValues': body.ReturnValues ?? 'NONE' }),
  });
}

function tableArn(table: string, index?: string): string {
  const name = table.startsWith('arn:') ? table : arn('dynamodb', `table/${table}`);
  return index === undefined ? name : `${name}/index/${index}`;
}

function keysIn(item: Readonly<Record<string, AttributeValue>>): string[] {
  const key = (item[RECORD_KEY] ?? item[APPLICATION_KEY])?.S;
  return key === undefined ? [] : [key];
}

/** The names of the attributes in a call: of keys, of items, and in expressions. */
function attributesIn(body: DynamoDbBody): string[] {
  const expressions = Object.entries(body).flatMap(([name, value]) =>
    name.endsWith('Expression') && typeof value === 'string' ? [value] : [],
  );
  const names = expressions
    .flatMap((expression) => expression.match(/[#:]?\w+/g) ?? [])
    .filter((name) => !name.startsWith(':') && !WORDS.has(name.toLowerCase()) && !/^\d+$/.test(name))
    .map((name) => body.ExpressionAttributeNames?.[name] ?? name);
  return [...new Set([...Object.keys(body.Key ?? {}), ...Object.keys(body.Item ?? {}), ...names])];
}

/** Words of expressions that aren't names of attributes. */
const WORDS = new Set(
  (
    'set remove add delete and or not between in attribute_exists attribute_not_exists attribute_type begins_with ' +
    'contains size if_not_exists list_append'
  ).split(' '),
);

const VERBS = { SELECT: 'Select', INSERT: 'Insert', UPDATE: 'Update', DELETE: 'Delete' } as const;

function ofPartiQl(statement: string, parameters: readonly AttributeValue[]): Asked {
  const [, verb = '', table = '', index] =
    /^(SELECT|INSERT|UPDATE|DELETE)\b[^"]*"([\w.-]+)"(?:\."([\w.-]+)")?/.exec(statement) ?? [];
  if (!isVerb(verb)) throw new Error(`unknown permissions of ${statement}`);
  const [, condition = ''] = statement.split(' WHERE ');
  const isScan =
    verb === 'SELECT' && ![RECORD_KEY, RECORD_LIST].some((key) => condition.includes(`"${key}" = ?`));
  const attributes = [...statement.matchAll(/["'](\w+)["'](?: = \?|: \?)|REMOVE "(\w+)"/g)];
  const keys = parameters.flatMap(({ S }) => (S !== undefined && /^\w+#/.test(S) ? [S] : []));
  return asked(`dynamodb:PartiQL${VERBS[verb]}`, tableArn(table, index), {
    'dynamodb:Attributes': attributes.map(([, name, removed]) => name ?? removed ?? ''),
    'dynamodb:LeadingKeys': keys,
    ...(verb === 'SELECT' && { 'dynamodb:FullTableScan': String(isScan) }),
  });
}

function isVerb(verb: string): verb is keyof typeof VERBS {
  return verb in VERBS;
}

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html */
function ofLambda({ method, url, body }: RecordedCall): Asked[] {
  const { pathname, searchParams } = new URL(url, 'http://lambda');
  const [, , resource = '', id = '', operation] = pathname.split('/').map(decodeURIComponent);
  if (resource === 'functions' && operation === 'invocations') {
    // A function is named by its name or by its ARN.
    return [asked('lambda:InvokeFunction', id.startsWith('arn:') ? id : arn('lambda', `function:${id}`))];
  }
  if (resource === 'event-source-mappings' && id !== '') {
    const action = { GET: 'GetEventSourceMapping', PUT: 'UpdateEventSourceMapping' }[method];
    return action ? [asked(`lambda:${action}`, arn('lambda', `event-source-mapping:${id}`))] : [];
  }
  if (resource !== 'tags') return [];
  switch (method) {
    case 'GET':
      return [asked('lambda:ListTags', id)];
    case 'POST': {
      const { Tags }: { Tags: Record<string, string> } = JSON.parse(body);
      return [asked('lambda:TagResource', id, { 'aws:TagKeys': Object.keys(Tags) })];
    }
    case 'DELETE':
      return [asked('lambda:UntagResource', id, { 'aws:TagKeys': searchParams.getAll('tagKeys') })];
    default:
      return [];
  }
}

/** Whoever creates a schedule passes its role to the scheduler. */
function ofScheduler({ method, url, body }: RecordedCall): Asked[] {
  const { pathname, searchParams } = new URL(url, 'http://scheduler');
  const [, resource, name = ''] = pathname.split('/');
  if (resource !== 'schedules') return [];
  const scheduleIn = (group: string) => arn('scheduler', `schedule/${group}/${decodeURIComponent(name)}`);
  const action = { GET: 'scheduler:GetSchedule', DELETE: 'scheduler:DeleteSchedule' }[method];
  if (action) return [asked(action, scheduleIn(searchParams.get('groupName') ?? 'default'))];
  if (method !== 'POST') return [];
  const { GroupName = 'default', Target }: { GroupName?: string; Target: { RoleArn: string } } =
    JSON.parse(body);
  return [
    asked('scheduler:CreateSchedule', scheduleIn(GroupName)),
    asked('iam:PassRole', Target.RoleArn, { 'iam:PassedToService': 'scheduler.amazonaws.com' }),
  ];
}

function ofEvents({ headers, body }: RecordedCall): Asked[] {
  const { Entries }: { Entries: { EventBusName?: string; Source: string; DetailType: string }[] } =
    JSON.parse(body);
  return Entries.map(({ EventBusName = 'default', Source, DetailType }) =>
    asked(
      `events:${operationIn(headers)}`,
      EventBusName.startsWith('arn:') ? EventBusName : arn('events', `event-bus/${EventBusName}`),
      { 'events:source': Source, 'events:detail-type': DetailType },
    ),
  );
}

/** Parameters that change neither the operation nor its permissions. */
const NEUTRAL = /^(?:x-id|x-amz-\w[\w-]*|response-[\w-]+|partnumber)$/i;

/**
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function ofS3(call: RecordedCall): Asked[] {
  const { pathname, searchParams } = new URL(call.url, 'http://s3');
  const [, bucket = '', ...segments] = pathname.split('/').map(decodeURIComponent);
  const key = segments.join('/');
  const parameters = new Map([...searchParams].filter(([name]) => !NEUTRAL.test(name)));
  if (key !== '') return ofObject(call, bucket, key, parameters);
  if (parameters.has('list-type')) {
    return [
      asked('s3:ListBucket', `arn:aws:s3:::${bucket}`, { 's3:prefix': parameters.get('prefix') ?? '' }),
    ];
  }
  if (call.method !== 'POST') return [];
  const [, field] = /name="key"\r\n\r\n([^\r]*)/.exec(call.body) ?? [];
  return field === undefined ? [] : [asked('s3:PutObject', objectArn(bucket, field))];
}

function ofObject(
  { method, headers, status }: RecordedCall,
  bucket: string,
  key: string,
  parameters: ReadonlyMap<string, string>,
): Asked[] {
  const object = objectArn(bucket, key);
  const given = [...parameters.keys()].sort().join();
  switch (`${method} ${given}`) {
    case 'GET ':
    case 'GET versionId':
    case 'HEAD ':
    case 'HEAD versionId': {
      const read = asked(given === '' ? 's3:GetObject' : 's3:GetObjectVersion', object);
      // Without permission to list, S3 answers 403 instead, so that no caller learns which objects exist.
      const list = asked('s3:ListBucket', `arn:aws:s3:::${bucket}`, { 's3:prefix': key });
      return status === 404 ? [read, list] : [read];
    }
    case 'GET uploadId':
      return [asked('s3:ListMultipartUploadParts', object)];
    case 'PUT ':
    case 'PUT uploadId':
      return [asked('s3:PutObject', object), ...sourceOf(headers), ...extrasOf(headers, object)];
    case 'POST uploads':
    case 'POST uploadId':
      return [asked('s3:PutObject', object), ...extrasOf(headers, object)];
    case 'DELETE ':
      return [asked('s3:DeleteObject', object)];
    case 'DELETE versionId':
      return [asked('s3:DeleteObjectVersion', object)];
    case 'DELETE uploadId':
      return [asked('s3:AbortMultipartUpload', object)];
    default:
      return [];
  }
}

function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

/** What copying reads. The tags of the source are copied too, but the service sets none. */
function sourceOf(headers: RecordedCall['headers']): Asked[] {
  const source = headers['x-amz-copy-source'];
  if (source === undefined) return [];
  const [path = '', version] = source.split('?versionId=');
  const object = `arn:aws:s3:::${decodeURIComponent(path).replace(/^\//, '')}`;
  return [asked(version === undefined ? 's3:GetObject' : 's3:GetObjectVersion', object)];
}

/** What headers of a write need besides. */
function extrasOf(headers: RecordedCall['headers'], object: string): Asked[] {
  const extras = {
    'x-amz-tagging': 's3:PutObjectTagging',
    'x-amz-acl': 's3:PutObjectAcl',
    'x-amz-object-lock-mode': 's3:PutObjectRetention',
    'x-amz-object-lock-legal-hold': 's3:PutObjectLegalHold',
    'if-match': 's3:GetObject',
  };
  return Object.entries(extras).flatMap(([header, action]) =>
    headers[header] === undefined ? [] : [asked(action, object)],
  );
}
