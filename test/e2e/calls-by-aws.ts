/** Permissions that AWS itself asks for, which no local AWS does. */
export interface CallsByAws {
  /** The path of the role that AWS assumes, or the host name of the service that calls by itself. */
  readonly caller: string;
  readonly actions: readonly string[];
  /** The path of the resource in its service, or in the stack if it isn't the service's. */
  readonly resource: string;
  /** The path of the resource on whose behalf a service calls, if it names one. */
  readonly source?: string;
  /** The path of a resource of services for which AWS doesn't call. */
  readonly unless?: string;
  readonly why: string;
  /** Where AWS documents it. */
  readonly page: string;
}

const EVENT_SOURCE = {
  actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  why: "Lambda polls an event source's queue with the role of the function",
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html',
};

const LOGS = {
  actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  why: 'Lambda writes the log of a function with its role; the log group exists',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-permissions.html',
};

const ASSUMED_BY_LAMBDA = {
  caller: 'lambda.amazonaws.com',
  actions: ['sts:AssumeRole'],
  why: 'Lambda assumes the role of a function',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html',
};

const SCHEDULED = {
  caller: 'Webhooks/ScheduleRole',
  actions: ['sqs:SendMessage'],
  page: 'https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html',
};

const SCHEDULED_REQUEST = { ...SCHEDULED, caller: 'Api/Schedules/Role' };

const ASSUMED_BY_SCHEDULER = {
  caller: 'scheduler.amazonaws.com',
  actions: ['sts:AssumeRole'],
  why: 'EventBridge Scheduler assumes the role for schedules of the group',
  page: 'https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html',
};

const NOTIFICATION = {
  caller: 's3.amazonaws.com',
  actions: ['sqs:SendMessage'],
  source: 'Payloads/Bucket',
  why: 'S3 notifies the queue of uploads',
  page: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html',
};

const DELIVERY = {
  caller: 'sns.amazonaws.com',
  actions: ['sqs:SendMessage'],
  source: 'Outcomes/Topic',
  page: 'https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html',
};

/** What AWS calls with the roles of a service, or by itself. */
export const CALLS_BY_AWS: readonly CallsByAws[] = [
  ...['Input/Queue', 'HighInput', 'LowInput'].map((resource) => ({
    ...EVENT_SOURCE,
    caller: 'Processor/Role',
    resource,
  })),
  { ...EVENT_SOURCE, caller: 'Processor/Role', resource: 'Orders' },
  { ...EVENT_SOURCE, caller: 'Webhooks/Role', resource: 'Webhooks/Deliveries/Queue' },
  { ...EVENT_SOURCE, caller: 'CircuitBreaker/Role', resource: 'Pauses/Queue' },
  { ...EVENT_SOURCE, caller: 'Relay/Role', resource: 'Uploads/Queue' },
  ...['Outbox/Table/Stream', 'Application/Stream'].map((resource) => ({
    caller: 'Outbox/Role',
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    resource,
    why: 'Lambda reads the stream of a table with the role of the function',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html',
  })),
  {
    caller: 'Outbox/Role',
    actions: ['sqs:SendMessage'],
    resource: 'Outbox/Failures',
    why: 'Lambda says which batch of a stream it gave up',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html',
  },
  ...[
    ['Processor/Role', 'Processor/Logs'],
    ['Webhooks/Role', 'Webhooks/Logs'],
    ['CircuitBreaker/Role', 'CircuitBreaker/Logs'],
    ['Api/Function/Role', 'Api/Function/Logs'],
    ['Relay/Role', 'Relay/Logs'],
    ['Outbox/Role', 'Outbox/Logs'],
    ['Api/Schedules/Function/Role', 'Api/Schedules/Function/Logs'],
    ['Api/Batches/Function/Role', 'Api/Batches/Function/Logs'],
    ['Api/Actions/Function/Role', 'Api/Actions/Function/Logs'],
    ['Api/Console/Role', 'Api/Console/Logs'],
    ['Audit/Role', 'Audit/Logs'],
  ].map(([caller = '', resource = '']) => ({ ...LOGS, caller, resource })),
  ...[
    'Processor/Role',
    'Webhooks/Role',
    'CircuitBreaker/Role',
    'Api/Function/Role',
    'Relay/Role',
    'Outbox/Role',
    'Audit/Role',
    'Api/Schedules/Function/Role',
    'Api/Batches/Function/Role',
    'Api/Actions/Function/Role',
    'Api/Console/Role',
  ].map((resource) => ({ ...ASSUMED_BY_LAMBDA, resource })),
  { ...SCHEDULED, resource: 'Webhooks/Deliveries/Queue', why: 'EventBridge Scheduler sends a later attempt' },
  {
    ...SCHEDULED,
    resource: 'Webhooks/Deliveries/DeadLetters',
    why: 'EventBridge Scheduler sends what it could not send to the queue',
  },
  { ...ASSUMED_BY_SCHEDULER, resource: 'Webhooks/ScheduleRole', source: 'Webhooks/Schedules' },
  ...['Input/Queue', 'HighInput', 'LowInput'].map((resource) => ({
    ...SCHEDULED_REQUEST,
    resource,
    // No request of a service that keeps order starts later.
    unless: 'Uploads/Queue',
    why: 'EventBridge Scheduler sends a scheduled request',
  })),
  {
    ...SCHEDULED_REQUEST,
    resource: 'Api/Schedules/DeadLetters',
    why: 'EventBridge Scheduler sends what it could not send to the input queue',
  },
  {
    ...SCHEDULED_REQUEST,
    actions: ['lambda:InvokeFunction'],
    resource: 'Api/Schedules/Function/Function',
    why: 'EventBridge Scheduler fires at the runs of a schedule',
  },
  {
    caller: 'Api/Schedules/Function/Role',
    actions: ['sqs:SendMessage'],
    resource: 'Api/Schedules/DeadLetters',
    why: 'Lambda keeps a firing that failed',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html',
  },
  { ...ASSUMED_BY_SCHEDULER, resource: 'Api/Schedules/Role', source: 'Api/Schedules/Group' },
  {
    ...SCHEDULED,
    caller: 'Api/Batches/Role',
    actions: ['lambda:InvokeFunction'],
    resource: 'Api/Batches/Function/Function',
    why: 'EventBridge Scheduler fires for a batch',
  },
  { ...ASSUMED_BY_SCHEDULER, resource: 'Api/Batches/Role', source: 'Api/Batches/Group' },
  {
    ...SCHEDULED,
    caller: 'Api/Actions/Role',
    actions: ['lambda:InvokeFunction'],
    resource: 'Api/Actions/Function/Function',
    why: 'EventBridge Scheduler fires for an action',
  },
  { ...ASSUMED_BY_SCHEDULER, resource: 'Api/Actions/Role', source: 'Api/Actions/Group' },
  {
    caller: 'Api/Batches/Function/Role',
    actions: [
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
    ],
    resource: 'Requests/Table/Stream',
    why: 'Lambda polls the stream of an event source with the role of the function',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html',
  },
  {
    caller: 'Api/Batches/Function/Role',
    actions: ['sqs:SendMessage'],
    resource: 'Api/Batches/DeadLetters',
    why: 'Lambda keeps changes that could not be counted',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html',
  },
  {
    caller: 'Relay/Role',
    actions: ['secretsmanager:GetSecretValue'],
    resource: 'BrokerLogin',
    why: 'Lambda logs in to the broker of an event source with the role of the function',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-mq-params.html',
  },
  { ...NOTIFICATION, resource: 'Input/Queue', unless: 'Uploads/Queue' },
  { ...NOTIFICATION, resource: 'Uploads/Queue' },
  ...['Output/Queue', 'Images/Received/Queue', 'Journal/Received/Queue'].map((resource) => ({
    ...DELIVERY,
    resource,
    why: 'SNS delivers outcomes',
  })),
  ...['Output/DeadLetters', 'Images/Received/DeadLetters', 'Journal/Received/DeadLetters'].map(
    (resource) => ({
      ...DELIVERY,
      resource,
      why: 'SNS keeps outcomes that it can not deliver',
    }),
  ),
];
