import { readFileSync } from 'node:fs';

/** What async-processor 1.0.0 wrote for a message. */
export interface TrueFoundrySample {
  /** A processor in Python, or the sidecar with an HTTP service. */
  readonly from: 'worker' | 'sidecar';
  readonly case: string;
  readonly in: string;
  readonly out: readonly string[];
}

/** Messages that were read and written by async-processor 1.0.0, byte for byte. */
export const TRUEFOUNDRY_SAMPLES: readonly TrueFoundrySample[] = readFileSync(
  new URL('../core/wire/truefoundry-samples.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

/**
 * Whether two outcomes are the same bytes. The library writes the body's members of an `input_message` in the order of a
 * Python set, another one in every process, so their order doesn't count.
 */
export function inOrderOfNames(outcome: string): string {
  const { input_message: input } = JSON.parse(outcome);
  if (input === null) return outcome;
  const names = Object.keys(input);
  const body = names.filter((name) => !name.startsWith('tfy_')).sort();
  const sorted = [...names.filter((name) => name.startsWith('tfy_')), ...body].map((name) => [
    name,
    input[name],
  ]);
  return outcome.replace(JSON.stringify(input), JSON.stringify(Object.fromEntries(sorted)));
}
