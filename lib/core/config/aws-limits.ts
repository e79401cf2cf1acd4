/**
 * Limits AWS sets, in the units their names say. Nothing here is ours to choose; the choices are in settings.ts.
 */

/**
 * Largest SQS message, attributes included, and the largest sum of one `SendMessageBatch` call.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const SQS_MAX_MESSAGE_BYTES = 1_048_576;

/**
 * Most entries in one SQS batch call (send, delete, change visibility).
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
 */
export const SQS_MAX_BATCH_ENTRIES = 10;

/**
 * Most attributes of one SQS message.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export const SQS_MAX_MESSAGE_ATTRIBUTES = 10;

/**
 * Largest SNS message, attributes included, and the largest sum of one `PublishBatch` call, unless the topic's
 * MaximumMessageSize says otherwise. A topic with more has at most 100 subscriptions, and none by HTTP.
 * @see https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
 */
export const SNS_MAX_MESSAGE_BYTES = 262_144;

/**
 * Most messages in one `PublishBatch` call.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-batch-api-actions.html
 */
export const SNS_MAX_BATCH_ENTRIES = 10;

/**
 * Most combinations of the values of a filter policy of SNS: the product of their numbers.
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
 */
export const SNS_MAX_FILTER_COMBINATIONS = 150;

/**
 * Most entries in one `PutEvents` call of EventBridge.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export const EVENTBRIDGE_MAX_ENTRIES = 10;

/**
 * Most bytes of the entries of one `PutEvents` call: less than 1 MB; AWS doesn't document it as 1,048,576.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
 */
export const EVENTBRIDGE_MAX_REQUEST_BYTES = 999_999;

/**
 * Longest time a received message may stay invisible, counted from its receive: 12 hours.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
export const SQS_MAX_VISIBILITY_SECONDS = 43_200;

/**
 * Longest time a message may be held back when it is sent: a quarter of an hour.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export const SQS_MAX_DELAY_SECONDS = 900;

/**
 * Largest message that EventBridge Scheduler sends, in bytes: 256 KB.
 * @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html
 */
export const SCHEDULER_MAX_INPUT_BYTES = 256_000;

/**
 * Longest time SQS keeps a message: 14 days.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const SQS_MAX_RETENTION_SECONDS = 1_209_600;

/**
 * How long an SQS queue keeps messages if its template doesn't say, in seconds.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
export const SQS_DEFAULT_RETENTION_SECONDS = 345_600;

/**
 * How long an SQS queue hides received messages if its template doesn't say, in seconds.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
export const SQS_DEFAULT_VISIBILITY_SECONDS = 30;

/**
 * Largest batch an event source may take from a queue without a batching window.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const LAMBDA_MAX_BATCH_WITHOUT_WINDOW = 10;

/**
 * Lambda asks for a queue's visibility timeout of at least this many function timeouts.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT = 6;

/**
 * Largest object a single `CopyObject` call takes: 5 GiB.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export const S3_MAX_COPY_BYTES = 5_368_709_120;

/**
 * Largest object that can be uploaded in one go: 5 GiB.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
 */
export const S3_MAX_PUT_BYTES = 5_368_709_120;

/**
 * Least size of a part of a multipart upload that isn't the last: 5 MiB.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export const S3_MIN_PART_BYTES = 5_242_880;

/**
 * Most parts of a multipart upload.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export const S3_MAX_PARTS = 10_000;

/**
 * Largest total size of an object's user-defined metadata, names and values, in bytes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const S3_MAX_METADATA_BYTES = 2_048;

/**
 * Longest S3 key, in UTF-8 bytes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
export const S3_MAX_KEY_BYTES = 1_024;

/**
 * Most messages of a standard queue received and not yet deleted, roughly.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const SQS_MAX_IN_FLIGHT_MESSAGES = 120_000;

/**
 * How many batches of a standard queue an event source has processed at a time when messages first come.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const EVENT_SOURCE_FIRST_BATCHES = 5;

/**
 * How many more batches at a time an event source adds in a minute while messages are left.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const EVENT_SOURCE_MORE_BATCHES_A_MINUTE = 300;

/**
 * Most batches at a time of an event source without provisioned pollers.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const EVENT_SOURCE_MAX_BATCHES = 1_250;

/**
 * How many batches at a time one provisioned poller of an event source has processed.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const POLLER_BATCHES = 10;

/**
 * How many more batches at a time provisioned pollers of an event source add in a minute while messages are left.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const POLLERS_MORE_BATCHES_A_MINUTE = 1_000;

/**
 * What one provisioned poller of an event source receives in a second, at most.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const POLLER_BYTES_A_SECOND = 1_000_000;

/**
 * How many invocations at a time an account has in a region unless AWS granted it more.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_ACCOUNT_CONCURRENCY = 1_000;

/**
 * Most items one `BatchGetItem` call reads.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export const DYNAMODB_MAX_BATCH_READS = 100;

/**
 * Most PartiQL statements one `BatchExecuteStatement` call executes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
 */
export const DYNAMODB_MAX_BATCH_STATEMENTS = 25;

/**
 * Most writes in one `TransactWriteItems` call.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
export const DYNAMODB_MAX_TRANSACT_ITEMS = 100;

/**
 * Most items one `BatchWriteItem` call puts or deletes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
 */
export const DYNAMODB_MAX_BATCH_WRITES = 25;

/**
 * Largest item of a table, names and values of its attributes: 400 KB.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export const DYNAMODB_MAX_ITEM_BYTES = 409_600;

/**
 * How long a stream of DynamoDB keeps a record: 24 hours.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
export const DYNAMODB_STREAM_RETENTION_SECONDS = 86_400;

/**
 * Most bytes of the environment variables of a function, names and values.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_MAX_ENVIRONMENT_BYTES = 4_096;

/**
 * Most layers of a function.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_MAX_LAYERS = 5;

/**
 * Most subnets of a function in a VPC.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
 */
export const LAMBDA_MAX_SUBNETS = 16;

/**
 * Most security groups of a function in a VPC.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
 */
export const LAMBDA_MAX_SECURITY_GROUPS = 5;
