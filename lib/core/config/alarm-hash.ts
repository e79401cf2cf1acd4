/** Length of the hash at the end of a logical id of the CDK, in hexadecimal digits. */
export const LOGICAL_ID_HASH_LENGTH = 8;

/** Length of {@link alarmHash}. */
export const ALARM_HASH_LENGTH = 4;

/**
 * Tells the alarms of a service from those of others: 24 bits of the hash in a logical id, in base64url. All variables of a function have
 * at most 4 KB, and a service with added processors has more than 60 alarms. Empty for what isn't a logical id of the CDK.
 */
export function alarmHash(logicalId: string): string {
  const [digits = ''] = /[0-9A-F]{6}$/.exec(logicalId) ?? [];
  return Buffer.from(digits, 'hex').toString('base64url');
}
