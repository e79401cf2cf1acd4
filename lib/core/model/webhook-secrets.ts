import { ConfigurationError } from '../base/errors.ts';
import { isJson } from '../base/json.ts';
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
  const value: unknown = isJson(text) ? JSON.parse(text) : undefined;
  if (!isObject(value)) throw invalid('JSON {"current": "whsec_…", "previous"?: "whsec_…"}');
  const { current, previous } = value;
  const secrets = previous === undefined || previous === null ? [current] : [current, previous];
  return secrets.map(checked);
}

function checked(secret: unknown): string {
  if (typeof secret === 'string' && isSecret(secret)) return secret;
  throw invalid(`of ${PREFIX} and the base64 of ${MIN_BYTES} to ${MAX_BYTES} bytes each`);
}

function isSecret(secret: string): boolean {
  const base64 = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const bytes = Buffer.from(base64, 'base64');
  // An unknown member would be ignored silently.
  return bytes.toString('base64') === base64 && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES;
}

function invalid(allowed: string): ConfigurationError {
  return new ConfigurationError(`The webhooks' secrets must be ${allowed}, got something else`);
}
