/** The partition key of the table of request records, a string. */
export const RECORD_KEY = 'pk';

/** The TTL attribute of the table: seconds since 1970. */
export const RECORD_TTL = 'ttl';

/** The index that lists records. It contains only items with its two keys. */
export const RECORD_INDEX = 'newest';

/** The partition key of {@link RECORD_INDEX}, a string: the list that the record is in. */
export const RECORD_LIST = 'list';

/** The sort key of {@link RECORD_INDEX}, a string: the record's position in its list. */
export const RECORD_POSITION = 'position';

/** The index that finds failed requests by their groups. It contains only items with its two keys: failed records. */
export const FAILURE_INDEX = 'failures';

/** The partition key of {@link FAILURE_INDEX}, a string: one of a few lists, whatever the tenant. */
export const FAILURE_LIST = 'failureList';

/** The sort key of {@link FAILURE_INDEX}, a string: the group, and the request's position in it. */
export const FAILURE_POSITION = 'failurePosition';

/** The tenant of a failed request, which {@link FAILURE_INDEX} contains too. */
export const FAILURE_TENANT = 'failureTenant';

/** The beginning of the keys of items with notes about groups of failures, one item for each group. */
export const FAILURE_NOTE_KEY_PREFIX = 'failure-note#';

/** The state of a record's webhook as JSON, without the times below. */
export const RECORD_WEBHOOK = 'webhook';

/** When the request that the webhook reports ended, in milliseconds since 1970. */
export const RECORD_WEBHOOK_ENDED_AT = 'webhookEndedAt';

/** When the webhook was last attempted, in milliseconds since 1970. */
export const RECORD_WEBHOOK_AT = 'webhookAt';

/** The beginning of the keys of items with webhook endpoints, one item for each tenant. */
export const ENDPOINTS_KEY_PREFIX = 'webhook-endpoints#';

/** The beginning of the keys of items with the states of limits, one item for each value of a key. */
export const LIMITS_KEY_PREFIX = 'limit#';

/** The key of the item with the pause of an operator, and with that of the processor that has the table for itself. */
export const SERVICE_PAUSE_KEY = 'load#pause';

/** The beginning of the keys of items with schedules, one item for each schedule. */
export const SCHEDULE_KEY_PREFIX = 'schedule#';

/**
 * The beginning of the keys of items with batches: one item for each batch, and two for each call that adds requests to it. Records have
 * other keys.
 */
export const BATCH_KEY_PREFIX = 'batch#';

/** The beginning of the keys of items with actions on many requests: one item for each action, and two for each page of its requests. */
export const ACTION_KEY_PREFIX = 'action#';

/** The key of the item with the ledger that the latest audit read. */
export const LEDGER_KEY = 'ledger';

/** On the record of a request that is in a batch: which batch. The stream that counts filters by it, so no other item has it. */
export const RECORD_BATCH = 'batch';

/** On the record of a request that is in a batch: where it is in the batch. */
export const RECORD_BATCH_PLACE = 'batchPlace';

/** On the record of a request that is in a batch: the fingerprint of the batch's item. */
export const RECORD_BATCH_ITEM = 'batchItem';
