import type { Outcome } from './outcome.ts';

/** Serializes an outcome for its record. Of a result that is stored as well, only the reference is written. */
export function serializeOutcome(outcome: Outcome): string {
  if (outcome.status !== 'succeeded') return JSON.stringify(outcome);
  const { result } = outcome;
  if ('check' in result) return JSON.stringify(outcome);
  const { bytes, stored, ...described } = result;
  return JSON.stringify({ ...outcome, result: stored ?? { base64: base64(bytes), ...described } });
}

/** Parses what {@link serializeOutcome} wrote. It doesn't validate, since no other program writes records. */
export function parseOutcome(json: string): Outcome {
  const outcome = JSON.parse(json);
  if (outcome.result?.base64 === undefined) return outcome;
  const { base64, ...described } = outcome.result;
  return { ...outcome, result: { bytes: Buffer.from(base64, 'base64'), ...described } };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
