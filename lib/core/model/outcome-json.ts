import type { Outcome } from './outcome.ts';

/** An outcome as JSON, to be kept. A result that is in the store as well is kept as the reference only. */
export function writeOutcome(outcome: Outcome): string {
  if (outcome.status !== 'succeeded') return JSON.stringify(outcome);
  const { result } = outcome;
  if ('check' in result) return JSON.stringify(outcome);
  const { bytes, contentType, stored } = result;
  return JSON.stringify({ ...outcome, result: stored ?? { base64: base64(bytes), contentType } });
}

/** Reads back what {@link writeOutcome} wrote, and nothing else: it is our own. */
export function readOutcome(json: string): Outcome {
  const outcome = JSON.parse(json);
  if (outcome.result?.base64 === undefined) return outcome;
  const { base64, contentType } = outcome.result;
  return { ...outcome, result: { bytes: Buffer.from(base64, 'base64'), contentType } };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
