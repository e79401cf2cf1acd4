/** The partition key of the table of request records: text. */
export const RECORD_KEY = 'pk';

/** The attribute by which the table drops records: seconds since 1970. */
export const RECORD_TTL = 'ttl';
