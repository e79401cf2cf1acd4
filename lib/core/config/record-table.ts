/** The partition key of the table of request records: text. */
export const RECORD_KEY = 'pk';

/** The attribute by which the table drops records: seconds since 1970. */
export const RECORD_TTL = 'ttl';

/** The index that lists records. An item without its keys isn't in it. */
export const RECORD_INDEX = 'newest';

/** The partition key of {@link RECORD_INDEX}: which list a record is in, as text. */
export const RECORD_LIST = 'list';

/** The sort key of {@link RECORD_INDEX}: where a record stands in its list, as text. */
export const RECORD_POSITION = 'position';

/** How a record's webhook stands, as text. What else there is of it is in the two below. */
export const RECORD_WEBHOOK = 'webhook';

/** When the request ended the webhook is about: a number of milliseconds. */
export const RECORD_WEBHOOK_ENDED_AT = 'webhookEndedAt';

/** When the webhook was attempted last: a number of milliseconds. */
export const RECORD_WEBHOOK_AT = 'webhookAt';
