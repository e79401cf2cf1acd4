import { App, Aspects, CfnOutput, Duration, RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  ApiAuth,
  AsyncService,
  Outbox,
  OutcomeSubscription,
  RabbitMqEventSource,
  Tracing,
} from '../../lib/constructs/index.ts';
import type { MessageRelay } from '../../lib/constructs/message-relay.ts';
import type { QueueWithDeadLetters } from '../../lib/constructs/storage/queue-with-dead-letters.ts';
import { callerName } from '../support/iam/caller-name.ts';
import { documentedPermissions } from '../support/iam/documented-permissions.ts';
import { AUDIENCE, CLIENT_ID } from '../support/oidc-issuer.ts';
import { FIRST_KEY, RECEIPT_KEY } from './first-key.ts';
import { WORKER_QUEUE } from './worker-queue.ts';

/** Where the spans of the traced service go, the issuer of tokens, the endpoint of AWS that the functions call, and whether to add the stack `E2e-late`. */
const [, , endpoint, issuer = '', functionEndpoint, late] = process.argv;

const jwt = ApiAuth.jwt({
  issuer,
  audience: AUDIENCE,
  tenantClaim: 'tenant',
  operators: { claim: 'groups', value: 'coatcheck-operators' },
});
/** The services under test, with short retries; they differ in the props here. */
const services = {
  cloudevents: { outputFormat: 'cloudevents', auth: ApiAuth.none(), timeoutSeconds: 5 },
  // The same, so that the long test of generated calls runs beside those of the first one.
  fuzz: { outputFormat: 'cloudevents', auth: ApiAuth.none(), timeoutSeconds: 5 },
  raw: { outputFormat: 'raw', auth: jwt, timeoutSeconds: 5 },
  truefoundry: { outputFormat: 'truefoundry', auth: undefined, timeoutSeconds: 5 },
  // Only consumers receive its outcomes. Its timeout leaves time to report progress.
  client: { outputFormat: 'cloudevents', auth: ApiAuth.iam(), timeoutSeconds: 15 },
  // Its pauses don't affect other tests.
  pausing: { outputFormat: 'cloudevents', auth: ApiAuth.none(), timeoutSeconds: 5 },
} as const;

/** An index of a table, besides its keys. */
const BY_DATE = { indexName: 'byDate', sortKey: { name: 'date', type: AttributeType.STRING } };

/** A broker that doesn't exist. */
const BROKER_ARN = 'arn:aws:mq:us-east-1:000000000000:broker:orders:b-1234';

const app = new App();
addCommonJsService();
addSecretsService();
addOrderedService();
addFannedService();
addAuditedService();
for (const [name, { outputFormat, auth, timeoutSeconds }] of Object.entries(services)) {
  const stack = new Stack(app, `E2e-${name}`);
  const hasAll = name === 'cloudevents' || name === 'fuzz';
  const bus = new EventBus(stack, 'Bus');
  const failureQueue = new Queue(stack, 'FailureMessages');
  new Rule(stack, 'Failures', {
    eventBus: bus,
    eventPattern: { source: ['coatcheck'], detailType: Match.prefix('coatcheck.') },
    targets: [new SqsQueue(failureQueue)],
  });
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    output: {
      format: outputFormat,
      inlineLimitBytes: 100_000,
      // Smaller than SQS's limit, and than the largest inline result.
      queue: name === 'pausing' ? new Queue(stack, 'Small', { maxMessageSizeBytes: 65_536 }) : undefined,
    },
    serviceName: `e2e-${name}`,
    function: { timeout: Duration.seconds(timeoutSeconds) },
    queue: {
      visibilityTimeout: Duration.seconds(timeoutSeconds + 2),
      lanes: hasAll || name === 'pausing' ? {} : undefined,
      // On a busy machine, more batches at a time would exceed their timeout.
      maxConcurrency: 5,
    },
    retry: { maxAttempts: 4, baseDelay: Duration.seconds(1), maxDelay: Duration.seconds(1) },
    api: auth && {
      auth,
      schedules: hasAll,
      batches: hasAll,
      actions: hasAll,
      console: name === 'raw' ? { clientId: CLIENT_ID, parameters: { resource: AUDIENCE } } : undefined,
      activity: name === 'pausing',
      receipts: hasAll ? receiptKeys(stack) : undefined,
    },
    circuitBreaker: { pause: Duration.seconds(2) },
    records: hasAll ? { metadata: ['colour'] } : undefined,
    limits: hasAll ? [{ key: 'metadata.lane', concurrency: 1, maxWaiting: 6 }] : undefined,
    webhooks: hasAll ? { allowLocal: true, endpoints: true } : undefined,
    observability: {
      failureEvents: { bus },
      tracing: hasAll && endpoint ? Tracing.otlp({ endpoint }) : undefined,
    },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  if (name === 'pausing') addSecondService(stack);
  addClients(service);
  if (name === 'cloudevents') addDocumentedRoles(service);
  const topic = new Topic(stack, 'Topic');
  topic.addSubscription(new SqsSubscription(service.inputQueue));
  const outputs = {
    TopicArn: topic.topicArn,
    PayloadBucketName: service.payloadBucket.bucketName,
    RequestTableName: service.requestTable.tableName,
    InputQueueUrl: service.inputQueue.queueUrl,
    HighQueueUrl: service.lanes?.high.queueUrl ?? '',
    LowQueueUrl: service.lanes?.low.queueUrl ?? '',
    OutputQueueUrl: service.outputQueue.queueUrl,
    ApiUrl: service.api?.url ?? '',
    DeadLetterQueueUrl: service.deadLetterQueue.queueUrl,
    WebhookSecret: service.webhooks?.secret.secretArn ?? '',
    WebhookScheduleGroup: service.webhooks?.scheduleGroup.scheduleGroupName ?? '',
    ScheduleGroup: service.api?.schedules?.scheduleGroup.scheduleGroupName ?? '',
    BatchGroup: service.api?.batches?.scheduleGroup.scheduleGroupName ?? '',
    BatchFunctionName: service.api?.batches?.function.functionName ?? '',
    ActionFunctionName: service.api?.actions?.function.functionName ?? '',
    WebhookDeadLetterQueueUrl: service.webhooks?.deadLetterQueue.queueUrl ?? '',
    FailureQueueUrl: failureQueue.queueUrl,
    EventSource: service.eventSource.eventSourceMappingId,
    PauseQueueUrl: (service.node.findChild('Pauses') as QueueWithDeadLetters).queue.queueUrl,
  };
  for (const [name, value] of Object.entries(outputs))
    if (value !== '') new CfnOutput(stack, name, { value });
}

/** A second service in a stack, with defaults and without outputs of its own. */
function addSecondService(stack: Stack): void {
  new AsyncService(stack, 'Second', {
    entry: 'test/e2e/processors/behaviour.ts',
    function: { timeout: Duration.seconds(5) },
    api: { corsOrigins: ['https://app.example.com'] },
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** A service whose processor is a CommonJS file, with an existing input queue and a relay. */
function addCommonJsService(): void {
  const stack = new Stack(app, 'E2e-commonjs');
  const credentials = new Secret(stack, 'BrokerLogin', { removalPolicy: RemovalPolicy.DESTROY });
  const dead = new Queue(stack, 'Failed', { retentionPeriod: Duration.days(14) });
  const queue = new Queue(stack, 'Orders', {
    visibilityTimeout: Duration.minutes(6),
    deadLetterQueue: { queue: dead, maxReceiveCount: 50 },
  });
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/commonjs.cjs',
    queue: {
      queue,
      sources: [new RabbitMqEventSource({ brokerArn: BROKER_ARN, queueName: 'orders', credentials })],
    },
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  addClients(service);
  new CfnOutput(stack, 'PayloadBucketName', { value: service.payloadBucket.bucketName });
  new CfnOutput(stack, 'InputQueueUrl', { value: service.inputQueue.queueUrl });
  new CfnOutput(stack, 'OutputQueueUrl', { value: service.outputQueue.queueUrl });
  addOutbox(new Outbox(service, 'Outbox', { service }), keyedTable(stack, 'Changes'));
  new CfnOutput(stack, 'RequestTableName', { value: service.requestTable.tableName });
  const relay = service.node.findChild('Relay') as MessageRelay;
  new CfnOutput(stack, 'RelayFunctionName', { value: relay.function.functionName });
}

/** A service whose processor has a secret. */
function addSecretsService(): void {
  const stack = new Stack(app, 'E2e-secrets');
  const secret = new Secret(stack, 'Key', {
    secretStringValue: SecretValue.unsafePlainText(FIRST_KEY),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/secret.ts',
    secrets: { API_KEY: secret },
    // It takes 10 seconds until a failed attempt has the secret read again.
    retry: { maxAttempts: 20, baseDelay: Duration.seconds(1), maxDelay: Duration.seconds(2) },
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  addClients(service);
  new CfnOutput(stack, 'SecretArn', { value: secret.secretArn });
  new CfnOutput(stack, 'RequestTableName', { value: service.requestTable.tableName });
  new CfnOutput(stack, 'PayloadBucketName', { value: service.payloadBucket.bucketName });
  new CfnOutput(stack, 'InputQueueUrl', { value: service.inputQueue.queueUrl });
  new CfnOutput(stack, 'OutputQueueUrl', { value: service.outputQueue.queueUrl });
}

/** A service whose requests of one key run in order. */
function addOrderedService(): void {
  const stack = new Stack(app, 'E2e-ordered');
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    order: 'fifo',
    topics: ['*'],
    output: { fanOut: true },
    function: { timeout: Duration.seconds(15) },
    retry: { maxAttempts: 4, baseDelay: Duration.seconds(1), maxDelay: Duration.seconds(1) },
    api: { auth: ApiAuth.none(), schedules: true },
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const reports = service.addProcessor('Reports', {
    entry: 'test/e2e/processors/behaviour.ts',
    topics: ['reports.*'],
    order: 'fifo',
    function: { timeout: Duration.seconds(15) },
    circuitBreaker: { pauseEventSource: false },
  });
  const table = keyedTable(stack, 'Application', { localSecondaryIndexes: [BY_DATE] });
  addOutbox(new Outbox(service, 'Outbox', { service, table }), table);
  const journal = new OutcomeSubscription(stack, 'Journal', { service });
  new CfnOutput(stack, 'JournalQueueUrl', { value: journal.queue.queueUrl });
  new CfnOutput(stack, 'ReportsQueueUrl', { value: reports.inputQueue.queueUrl });
  addClients(service);
  const { scheduleGroupName = '' } = service.api?.schedules?.scheduleGroup ?? {};
  new CfnOutput(stack, 'ScheduleGroup', { value: scheduleGroupName });
  new CfnOutput(stack, 'ApiUrl', { value: service.api?.url ?? '' });
  new CfnOutput(stack, 'PayloadBucketName', { value: service.payloadBucket.bucketName });
  new CfnOutput(stack, 'OutputQueueUrl', { value: service.outputQueue.queueUrl });
  new CfnOutput(stack, 'DeadLetterQueueUrl', { value: service.deadLetterQueue.queueUrl });
}

/** The keys of a service that gives receipts. */
function receiptKeys(stack: Stack): Secret {
  return new Secret(stack, 'ReceiptKeys', {
    secretStringValue: SecretValue.unsafePlainText(JSON.stringify({ current: RECEIPT_KEY })),
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** A service that is audited, and gives receipts. Its requests have one attempt. */
function addAuditedService(): void {
  const stack = new Stack(app, 'E2e-audited');
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    serviceName: 'e2e-audited',
    function: { timeout: Duration.seconds(15) },
    retry: { maxAttempts: 1 },
    api: { auth: ApiAuth.none(), receipts: receiptKeys(stack) },
    circuitBreaker: { pauseEventSource: false },
    observability: { audit: { every: Duration.hours(1) } },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  addClients(service);
  for (const [name, value] of Object.entries({
    ApiUrl: service.api?.url,
    PayloadBucketName: service.payloadBucket.bucketName,
    RequestTableName: service.requestTable.tableName,
    InputQueueUrl: service.inputQueue.queueUrl,
    AuditFunctionName: service.audit?.function.functionName,
    AuditLogGroupName: service.audit?.function.logGroup.logGroupName,
  }))
    new CfnOutput(stack, name, { value: value ?? '' });
}

/** A service with several consumers, some of them in stacks of their own. */
function addFannedService(): void {
  const stack = new Stack(app, 'E2e-fanned');
  const service = new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    output: { fanOut: true },
    function: { timeout: Duration.seconds(15) },
    circuitBreaker: { pauseEventSource: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  addClients(service);
  const images = new OutcomeSubscription(stack, 'Images', { service, topics: ['images.*'] });
  images.grantConsume(stack.node.findChild('Consumer') as Role);
  const logged = new LambdaFunction(stack, 'Logged', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    // What the subscription grants is tested in its template.
    role: Role.fromRoleArn(stack, 'LoggedRole', `arn:aws:iam::${stack.account}:role/logged`, {
      mutable: false,
    }),
    code: Code.fromInline(
      'exports.handler = async ({ Records }) => { for (const { body } of Records) console.log(body); };',
    ),
  });
  const failures = { topics: ['images.*', 'reports'], statuses: ['failed', 'cancelled'] } as const;
  new OutcomeSubscription(stack, 'Failures', { service, ...failures, target: logged });
  const team = new Stack(app, 'E2e-team');
  const acme = new OutcomeSubscription(team, 'Acme', {
    service,
    tenants: ['acme', 'Globex Ü'],
    statuses: ['succeeded'],
  });
  for (const [name, value] of Object.entries({
    PayloadBucketName: service.payloadBucket.bucketName,
    InputQueueUrl: service.inputQueue.queueUrl,
    OutputQueueUrl: service.outputQueue.queueUrl,
    ImagesQueueUrl: images.queue.queueUrl,
    LoggedFunctionName: logged.functionName,
    TopicArn: service.outcomes?.topic.topicArn ?? '',
  }))
    new CfnOutput(stack, name, { value });
  new CfnOutput(team, 'QueueUrl', { value: acme.queue.queueUrl });
  if (late !== 'late') return;
  const other = new Stack(app, 'E2e-late');
  const { queue } = new OutcomeSubscription(other, 'Late', { service, topics: ['images.*'] });
  new CfnOutput(other, 'QueueUrl', { value: queue.queueUrl });
}

/** A table of an application. */
function keyedTable(stack: Stack, id: string, props: Partial<TablePropsV2> = {}): TableV2 {
  return new TableV2(stack, id, {
    partitionKey: { name: 'PK', type: AttributeType.STRING },
    sortKey: { name: 'SK', type: AttributeType.STRING },
    dynamoStream: StreamViewType.NEW_IMAGE,
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });
}

/** The role of an application that writes to its table and puts requests into an outbox, and what the tests need of both. */
function addOutbox(outbox: Outbox, changes: TableV2): void {
  const stack = Stack.of(outbox);
  const role = new Role(stack, 'Writer', { assumedBy: new AccountPrincipal(stack.account) });
  outbox.grantPut(role);
  role.addToPolicy(new PolicyStatement({ actions: ['dynamodb:UpdateItem'], resources: [changes.tableArn] }));
  for (const [name, value] of Object.entries({
    ChangesTableName: changes.tableName,
    OutboxTableName: outbox.table.tableName,
    OutboxFunctionName: outbox.function.functionName,
    OutboxFailureQueueUrl: outbox.failures.queueUrl,
  }))
    new CfnOutput(stack, name, { value });
}

/** The roles of programs that use a service. */
function addClients(service: AsyncService): void {
  const stack = Stack.of(service);
  const role = (id: string) => new Role(stack, id, { assumedBy: new AccountPrincipal(stack.account) });
  service.grantSubmit(role('Submitter'));
  // Others bring their own output queue.
  if (service.outputDeadLetterQueue) service.grantConsume(role('Consumer'));
  if (service.api?.auth.name === 'iam') service.grantInvokeApi(role('Caller'));
}

/** Roles with the permissions that the documentation lists. */
function addDocumentedRoles(service: AsyncService): void {
  const stack = Stack.of(service);
  const { payloadBucket, webhooks, processorFunction } = service;
  const objects = (...prefixes: string[]) =>
    prefixes.map((prefix) => payloadBucket.arnForObjects(`${prefix}*`));
  const records = service.requestTable.tableArn;
  addRole('Operator', 'docs/command-line.md', 'AWS permissions', {
    'the stack, or all stacks without `--stack`': [
      stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: '*' }),
    ],
    'the API': [],
    "the processor's log group": [processorFunction.logGroup.logGroupArn],
    "the processor's function": [processorFunction.functionArn],
    // The local AWS has no CodeDeploy.
    'the deployment group of the release': [
      stack.formatArn({ service: 'codedeploy', resource: 'deploymentgroup:*' }),
    ],
    'all resources: `*`': ['*'],
    'the dead-letter queue': [service.deadLetterQueue.queueArn],
    'the input queue': [service.inputQueue.queueArn],
    'the input queues and the dead-letter queue': [
      ...[service.inputQueue, service.lanes?.high, service.lanes?.low].flatMap(
        (queue) => queue?.queueArn ?? [],
      ),
      service.deadLetterQueue.queueArn,
    ],
    'the payload bucket': [payloadBucket.bucketArn],
    'the objects of the payload bucket': objects(''),
    'the request table': [records],
    "the webhooks' dead-letter queue": [webhooks?.deadLetterQueue.queueArn ?? ''],
    "the webhooks' queue": [webhooks?.queue.queueArn ?? ''],
  });
  addRole('Worker', 'docs/worker.md', 'AWS permissions', {
    'the input queue': [stack.formatArn({ service: 'sqs', resource: WORKER_QUEUE })],
    'the output queue': [service.outputQueue.queueArn],
    'the queue of dead letters': [service.deadLetterQueue.queueArn],
    'the webhook queue of `COATCHECK_WEBHOOK_QUEUE_URL`': [webhooks?.queue.queueArn ?? ''],
    'objects under `requests/`, `payloads/` and `results/`': objects('requests/', 'payloads/', 'results/'),
    'objects under `results/` and `consumer-copies/`': objects('results/', 'consumer-copies/'),
    'objects under `results/`': objects('results/'),
    'the bucket': [payloadBucket.bucketArn],
    'the table': [records],
  });

  function addRole(
    id: string,
    page: string,
    heading: string,
    resources: Readonly<Record<string, string[]>>,
  ): void {
    const role = new Role(stack, id, { assumedBy: new AccountPrincipal(stack.account) });
    for (const { actions, on } of documentedPermissions(page, heading)) {
      const arns = resources[on];
      if (!arns) throw new Error(`${page} lists permissions on ${on}, which this app doesn't know`);
      if (arns.length > 0) role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: arns }));
    }
  }
}

/** Calls of a function name its role, and go through the proxy that records them. */
if (functionEndpoint) {
  Aspects.of(app).add({
    visit(construct) {
      if (!(construct instanceof LambdaFunction && construct.role)) return;
      construct.addEnvironment('AWS_ENDPOINT_URL', functionEndpoint);
      construct.addEnvironment('AWS_SDK_UA_APP_ID', callerName(construct.role.node.path));
    },
  });
}
