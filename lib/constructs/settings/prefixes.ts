import { Token } from 'aws-cdk-lib';
import {
  DEFAULT_CONSUMER_COPY_PREFIX,
  DEFAULT_PAYLOAD_PREFIX,
  DEFAULT_RESULT_PREFIX,
  DEFAULT_UPLOAD_PREFIX,
  PREFIX_MAX_LENGTH,
} from '../../core/config/settings.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** The key prefixes in the payload bucket. */
export interface Prefixes {
  readonly uploadPrefix: string;
  readonly payloadPrefix: string;
  readonly resultPrefix: string;
  readonly consumerCopyPrefix: string;
}

/** The prefixes of a service, with defaults. */
export function prefixesOf({ payloads: { prefixes = {} } = {} }: AsyncServiceProps): Prefixes {
  return {
    uploadPrefix: prefixes.uploads ?? DEFAULT_UPLOAD_PREFIX,
    payloadPrefix: prefixes.payloads ?? DEFAULT_PAYLOAD_PREFIX,
    resultPrefix: prefixes.results ?? DEFAULT_RESULT_PREFIX,
    consumerCopyPrefix: prefixes.consumerCopies ?? DEFAULT_CONSUMER_COPY_PREFIX,
  };
}

/** The prefixes that are known before deployment, by the paths of their props. */
export function prefixEntries(prefixes: Prefixes): [string, string][] {
  return Object.entries({
    'payloads.prefixes.uploads': prefixes.uploadPrefix,
    'payloads.prefixes.payloads': prefixes.payloadPrefix,
    'payloads.prefixes.results': prefixes.resultPrefix,
    'payloads.prefixes.consumerCopies': prefixes.consumerCopyPrefix,
  }).filter(([, prefix]) => !Token.isUnresolved(prefix));
}

/** Problems with the prefixes. */
export function prefixProblems(prefixes: Prefixes): string[] {
  const known = prefixEntries(prefixes);
  const malformed = known.flatMap(([path, prefix]) => prefixProblem(path, prefix) ?? []);
  const overlapping = known.flatMap(([path, prefix]) =>
    known
      .filter(
        ([other, outer]) => other !== path && prefix.startsWith(outer) && (prefix !== outer || path < other),
      )
      .map(
        ([other, outer]) =>
          `${path} must not be under ${other}, got ${prefix} under ${outer}: ${whyApart(path, other)}`,
      ),
  );
  return [...malformed, ...overlapping];
}

/**
 * The problem with a prefix; undefined if it is valid. The allowed characters need no encoding in S3 events, have no
 * special meaning in policies, and don't separate the list of payload sources.
 */
export function prefixProblem(path: string, prefix: string): string | undefined {
  if (Token.isUnresolved(prefix)) return undefined;
  if (prefix.length <= PREFIX_MAX_LENGTH && /^(?:\w[\w.-]*\/)+$/.test(prefix)) return undefined;
  return (
    `${path} must be folders, each followed by a slash, of up to ${PREFIX_MAX_LENGTH} letters, digits and _ . - / ` +
    `in all, got ${JSON.stringify(prefix)}`
  );
}

function whyApart(...paths: readonly string[]): string {
  return paths.includes('payloads.prefixes.uploads')
    ? 'every object under the upload prefix starts a request'
    : 'they have different lifecycles and readers';
}
