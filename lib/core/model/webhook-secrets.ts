import { ConfigurationError } from '../base/errors.ts';
import { jsonValue } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';

/** Prefix of a secret. */
const PREFIX = 'whsec_';

const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * Parses secrets: JSON with `current` and, during a rotation, `previous`.
 * @throws ConfigurationError; its message doesn't quote the secrets
 */
export function parseSecrets(text: string): readonly string[] {
  const value: unknown = jsonValue(text);
  if (!isObject(value)) {
    throw new ConfigurationError(
      `The webhook secrets must be JSON: {"current": "${PREFIX}…", "previous"?: "${PREFIX}…"}`,
    );
  }
  const { current, previous } = value;
  return checkSecrets(current, previous ?? undefined);
}

/**
 * Checks secrets: the current one and, during a rotation, the previous one.
 * @param source where they come from, for messages
 * @throws ConfigurationError; its message doesn't quote the secrets
 */
export function checkSecrets(current: unknown, previous?: unknown, source?: string): readonly string[] {
  const where = source === undefined ? '' : ` in ${source}`;
  const isRotating = previous !== undefined;
  return [
    checked(`current secret${where}`, current),
    ...(isRotating ? [checked(`previous secret${where}`, previous)] : []),
  ];
}

function checked(name: string, secret: unknown): string {
  if (typeof secret === 'string' && isSecret(secret)) return secret;
  const given = secret === '' || secret === undefined ? 'is missing' : 'is something else';
  throw new ConfigurationError(
    `A webhook secret must be ${PREFIX} followed by the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes; the ${name} ${given}. ` +
      `To make one: echo ${PREFIX}$(openssl rand -base64 32)`,
  );
}

function isSecret(secret: string): boolean {
  const base64 = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const bytes = Buffer.from(base64, 'base64');
  // An unknown member would be ignored silently.
  return bytes.toString('base64') === base64 && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES;
}
