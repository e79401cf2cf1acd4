import type { ReceivedOutcome } from '../../consumer/index.ts';
import { isJsonType, isTextType } from '../../core/base/media-type.ts';
import { formatClaimCheck } from '../../core/model/claim-check.ts';
import { formatBytes } from '../../terminal/format.ts';
import { isForPeople, jsonLine, print, printable } from '../../terminal/output.ts';

/** Prints an outcome as a line of text on a terminal, else as a line of JSON. */
export async function printOutcome(
  outcome: ReceivedOutcome,
  options: { readonly json?: true },
): Promise<void> {
  await print(isForPeople(options) ? printable(await lineOf(outcome)) : jsonLine(await jsonOf(outcome)));
}

async function lineOf(outcome: ReceivedOutcome): Promise<string> {
  const { time = '', requestId, status } = outcome;
  return [time, requestId, status, await endOf(outcome)].join('  ').trimStart();
}

async function endOf(outcome: ReceivedOutcome): Promise<string> {
  if (outcome.status !== 'succeeded') return `${outcome.problem.code}: ${outcome.problem.detail}`;
  const { result } = outcome;
  if (result.reference) return `${result.contentType} in ${formatClaimCheck(result.reference)}`;
  return `${formatBytes((await result.bytes()).byteLength)} ${result.contentType}`;
}

async function jsonOf(outcome: ReceivedOutcome): Promise<string> {
  if (outcome.status !== 'succeeded') return JSON.stringify(outcome);
  const { result, ...facts } = outcome;
  const { contentType, reference } = result;
  if (reference) {
    return JSON.stringify({ ...facts, contentType, dataref: formatClaimCheck(reference) });
  }
  if (isJsonType(contentType)) {
    // As it was written; parsing would round long numbers.
    const data = await result.text();
    return `${JSON.stringify({ ...facts, contentType }).slice(0, -1)},"data":${data}}`;
  }
  if (isTextType(contentType)) return JSON.stringify({ ...facts, contentType, data: await result.text() });
  const base64 = Buffer.from(await result.bytes()).toString('base64');
  return JSON.stringify({ ...facts, contentType, data_base64: base64 });
}
