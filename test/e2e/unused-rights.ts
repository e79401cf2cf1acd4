const BY_NAME = 'Programs that know the name of a queue find its URL and its settings';
const CLEAN_UP = 'A program that stops during an upload in parts aborts it';
const REHIDDEN = 'Sets when a message is received again whose handling failed';

const IN_CONFORMANCE = 'test/conformance/webhooks-command.test.ts makes these calls, without roles';
const OF_THE_AUDIT = 'test/conformance/deployed-audit.test.ts makes these calls, without roles';
const OF_LARGE_SCHEDULES = 'Payloads of schedules are stored only where the inline limit is below 64 KB';
const OF_A_BROKER =
  'Lambda connects to the broker of an event source with this role, and the local AWS has no brokers';
const OF_A_RELEASE = 'No service under test has releases; test/cli/rollback has these calls, without roles';
const OF_THE_ENGINE = 'A worker runs the engine of the processor, whose role has the right, too';
const OF_A_WORKER = 'The worker under test sends no webhooks';

const OF_LARGE_EDITS =
  'A payload that replaces another is stored only where the inline limit is below 256 KiB';
const OF_OPEN_APIS = 'Tests call these paths of services whose API asks for no credentials';
const OF_OTHER_ACTIONS = 'test/conformance/deployed-actions.test.ts makes these calls, without roles';

/** Rights that no test of this project uses, as `ROLE: ACTION on RESOURCE`, and why they are granted. */
export const UNUSED_RIGHTS: Readonly<Record<string, string>> = {
  'Api/Actions/Function/Role: dynamodb:PartiQLInsert on Requests/Table': OF_OTHER_ACTIONS,
  'Api/Actions/Function/Role: dynamodb:PartiQLUpdate on Requests/Table': OF_OTHER_ACTIONS,
  'Api/Actions/Function/Role: s3:GetObject on Payloads/Bucket/payloads/*': OF_LARGE_EDITS,
  'Api/Actions/Function/Role: s3:PutObject on Payloads/Bucket/payloads/*': OF_LARGE_EDITS,
  'Api/Actions/Function/Role: sqs:SendMessage on HighInput': OF_OTHER_ACTIONS,
  'Api/Actions/Function/Role: sqs:SendMessage on LowInput': OF_OTHER_ACTIONS,
  'Api/Function/Role: s3:GetObject on Payloads/Bucket/requests/*':
    'Uploads are read by their version; a message may refer to an object there without one',
  'Api/Batches/Function/Role: s3:GetObject on Payloads/Bucket/results/batches/*':
    'Finds the manifest that a function wrote before it died',
  'Api/Schedules/Function/Role: s3:GetObject on Payloads/Bucket/payloads/*': OF_LARGE_SCHEDULES,
  'Api/Schedules/Function/Role: s3:PutObject on Payloads/Bucket/payloads/*': OF_LARGE_SCHEDULES,
  'Audit/Role: s3:GetObject on Payloads/Bucket/payloads/*': OF_THE_AUDIT,
  'Audit/Role: s3:GetObject on Payloads/Bucket/requests/*': OF_THE_AUDIT,
  'Audit/Role: s3:GetObject on Payloads/Bucket/results/*': OF_THE_AUDIT,
  'Audit/Role: s3:GetObjectVersion on Payloads/Bucket/payloads/*': OF_THE_AUDIT,
  'Audit/Role: s3:GetObjectVersion on Payloads/Bucket/requests/*': OF_THE_AUDIT,
  'Caller: execute-api:Invoke on Api/Http/*/*/v1/batches*': OF_OPEN_APIS,
  'Caller: execute-api:Invoke on Api/Http/*/*/v1/limits*': OF_OPEN_APIS,
  'Caller: execute-api:Invoke on Api/Http/*/*/v1/openapi.json': OF_OPEN_APIS,
  'Caller: execute-api:Invoke on Api/Http/*/*/v1/receipts*': OF_OPEN_APIS,
  'Caller: execute-api:Invoke on Api/Http/*/*/v1/schedules*': OF_OPEN_APIS,
  'Caller: execute-api:Invoke on Api/Http/*/*/v1/webhook-endpoints*': OF_OPEN_APIS,
  'CircuitBreaker/Role: sqs:ChangeMessageVisibility on Pauses/Queue': REHIDDEN,
  'Consumer: s3:GetObject on Payloads/Bucket/results/*': 'Programs may read a result by its key alone',
  'Consumer: sqs:ChangeMessageVisibility on Images/Received/Queue': REHIDDEN,
  'Consumer: sqs:GetQueueUrl on Images/Received/Queue': BY_NAME,
  'Consumer: sqs:GetQueueUrl on Output/Queue': BY_NAME,
  'Operator: codedeploy:GetDeployment on deploymentgroup:*': OF_A_RELEASE,
  'Operator: codedeploy:ListDeployments on deploymentgroup:*': OF_A_RELEASE,
  'Operator: codedeploy:StopDeployment on *': OF_A_RELEASE,
  'Operator: dynamodb:DescribeTable on Requests/Table': OF_THE_AUDIT,
  'Operator: dynamodb:Scan on Requests/Table': OF_THE_AUDIT,
  'Operator: dynamodb:UpdateItem on Requests/Table': IN_CONFORMANCE,
  'Operator: lambda:GetAlias on Processor/Function': OF_A_RELEASE,
  'Operator: lambda:ListVersionsByFunction on Processor/Function': OF_A_RELEASE,
  'Operator: lambda:UpdateAlias on Processor/Function': OF_A_RELEASE,
  'Operator: s3:GetObject on Payloads/Bucket/*': OF_THE_AUDIT,
  'Operator: s3:GetObjectVersion on Payloads/Bucket/*': OF_THE_AUDIT,
  'Operator: s3:ListBucket on Payloads/Bucket': OF_THE_AUDIT,
  'Operator: sqs:ChangeMessageVisibility on Webhooks/Deliveries/DeadLetters': IN_CONFORMANCE,
  'Operator: sqs:DeleteMessage on Webhooks/Deliveries/DeadLetters': IN_CONFORMANCE,
  'Operator: sqs:GetQueueAttributes on HighInput': OF_THE_AUDIT,
  'Operator: sqs:GetQueueAttributes on Input/Queue': OF_THE_AUDIT,
  'Operator: sqs:GetQueueAttributes on LowInput': OF_THE_AUDIT,
  'Operator: sqs:GetQueueAttributes on Webhooks/Deliveries/DeadLetters': IN_CONFORMANCE,
  'Operator: sqs:ReceiveMessage on Webhooks/Deliveries/DeadLetters': IN_CONFORMANCE,
  'Operator: sqs:SendMessage on Webhooks/Deliveries/Queue': IN_CONFORMANCE,
  'Outbox/Role: dynamodb:ListStreams on *': 'Lambda requires it of the role of an event source',
  'Processor/Role: s3:GetObject on Payloads/Bucket/requests/*':
    'A message may refer to an upload without a version, as it may to a payload',
  'Processor/Role: sqs:ChangeMessageVisibility on Orders': REHIDDEN,
  'Processor/Role: sqs:SendMessage on Failed':
    'No request of the service with this queue uses up its attempts',
  'Relay/Role: ec2:CreateNetworkInterface on *': OF_A_BROKER,
  'Relay/Role: ec2:DeleteNetworkInterface on *': OF_A_BROKER,
  'Relay/Role: ec2:DescribeNetworkInterfaces on *': OF_A_BROKER,
  'Relay/Role: ec2:DescribeSecurityGroups on *': OF_A_BROKER,
  'Relay/Role: ec2:DescribeSubnets on *': OF_A_BROKER,
  'Relay/Role: ec2:DescribeVpcs on *': OF_A_BROKER,
  'Relay/Role: mq:DescribeBroker on broker:orders:b-1234': OF_A_BROKER,
  'Relay/Role: s3:GetObject on Payloads/Bucket/requests/*':
    'Objects of an existing bucket may have no versions',
  'Relay/Role: s3:AbortMultipartUpload on Payloads/Bucket/payloads/*': CLEAN_UP,
  'Submitter: s3:AbortMultipartUpload on Payloads/Bucket/payloads/*': CLEAN_UP,
  'Submitter: s3:AbortMultipartUpload on Payloads/Bucket/requests/*': CLEAN_UP,
  'Submitter: sqs:GetQueueAttributes on HighInput': BY_NAME,
  'Submitter: sqs:GetQueueAttributes on Input/Queue': BY_NAME,
  'Submitter: sqs:GetQueueAttributes on LowInput': BY_NAME,
  'Submitter: sqs:GetQueueUrl on HighInput': BY_NAME,
  'Submitter: sqs:GetQueueUrl on Input/Queue': BY_NAME,
  'Submitter: sqs:GetQueueUrl on LowInput': BY_NAME,
  'Submitter: sqs:GetQueueAttributes on Orders': BY_NAME,
  'Submitter: sqs:GetQueueUrl on Orders': BY_NAME,
  'Webhooks/Role: sqs:ChangeMessageVisibility on Webhooks/Deliveries/Queue': REHIDDEN,
  'Webhooks/Role: sqs:SendMessage on Webhooks/Deliveries/DeadLetters':
    'Keeps a webhook whose attempts have all failed, within about 75 hours',
  'Writer: s3:AbortMultipartUpload on Payloads/Bucket/payloads/*': CLEAN_UP,
  'Worker: dynamodb:GetItem on Requests/Table': OF_A_WORKER,
  'Worker: s3:AbortMultipartUpload on Payloads/Bucket/results/*': OF_THE_ENGINE,
  'Worker: s3:GetObject on Payloads/Bucket/payloads/*': OF_THE_ENGINE,
  'Worker: s3:GetObject on Payloads/Bucket/requests/*': OF_THE_ENGINE,
  'Worker: s3:GetObject on Payloads/Bucket/results/*': OF_THE_ENGINE,
  'Worker: s3:GetObjectVersion on Payloads/Bucket/payloads/*': OF_THE_ENGINE,
  'Worker: s3:GetObjectVersion on Payloads/Bucket/requests/*': OF_THE_ENGINE,
  'Worker: s3:GetObjectVersion on Payloads/Bucket/results/*': OF_THE_ENGINE,
  'Worker: s3:ListBucket on Payloads/Bucket': OF_THE_ENGINE,
  'Worker: s3:PutObject on Payloads/Bucket/consumer-copies/*': OF_THE_ENGINE,
  'Worker: sqs:GetQueueAttributes on Webhooks/Deliveries/Queue': OF_A_WORKER,
  'Worker: sqs:SendMessage on Webhooks/Deliveries/Queue': OF_A_WORKER,
};
