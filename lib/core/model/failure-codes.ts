/** The codes of the engine's own failures. */
export const OWN_FAILURE_CODES = [
  'attempts_exhausted',
  'call_refused',
  'callback_refused',
  'checkpoint_invalid',
  'claim_check_refused',
  'content_encoding_invalid',
  'content_encoding_unsupported',
  'envelope_malformed',
  'input_invalid',
  'json_invalid',
  'json_too_deep',
  'min_version_unmet',
  'not_before_refused',
  'outcome_unpublishable',
  'payload_changed',
  'payload_checksum_mismatch',
  'payload_denied',
  'payload_empty',
  'payload_in_other_region',
  'payload_missing',
  'payload_size_mismatch',
  'payload_too_large',
  'result_invalid',
  'result_too_large',
  'service_refused',
  'stream_broken',
  'topic_refused',
] as const;

/** The codes that failures are counted under. */
export type CountedCode = (typeof OWN_FAILURE_CODES)[number] | 'handler';

/**
 * The code that a failure is counted under: one of the engine's own, or `handler`. Handlers can throw any number of
 * codes, and CloudWatch charges for each metric. The handler's code is in the outcome and in the log.
 */
export function countedCode(code: string): CountedCode {
  return OWN_FAILURE_CODES.find((own) => own === code) ?? 'handler';
}
