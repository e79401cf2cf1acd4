import type { Rehearsal, RehearsedMessage } from '../core/model/rehearsal.ts';
import { identityDigest } from '../core/model/request-id.ts';
import { RehearsalDied, type Rehearser } from '../core/ports/rehearser.ts';
import { attributesToPutBack, type DeadLetter } from './dead-letter.ts';

/** Most bytes of messages in a call. An invocation takes 6 MB. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BYTES = 5_000_000;

/** A dead letter, and what would become of its requests. */
export interface RehearsedLetter {
  readonly letter: DeadLetter;
  readonly requests: readonly Rehearsal[];
}

/** A dead letter, and its message as a redrive sends it. */
interface Prepared {
  readonly letter: DeadLetter;
  readonly message: RehearsedMessage;
}

/** Rehearses dead letters in as many calls as their sizes ask for. @returns in no particular order */
export async function rehearseLetters(
  letters: readonly DeadLetter[],
  rehearser: Pick<Rehearser, 'rehearse'>,
  signal: AbortSignal,
): Promise<RehearsedLetter[]> {
  const found: RehearsedLetter[] = [];
  for (const batch of batchesOf(letters.map(prepared))) {
    found.push(...(await rehearseBatch(batch, rehearser, signal)));
  }
  return found;
}

/** Whether every request of a dead letter is among those that were seen before, which it adds to. */
export function isSeenBefore({ requests }: DeadLetter, seen: Set<string>): boolean {
  const digests = requests.map(({ described }) => identityDigest('record', described));
  const isSeen = digests.length > 0 && digests.every((digest) => seen.has(digest));
  for (const digest of digests) seen.add(digest);
  return isSeen;
}

/** If the process ends, its messages run one by one, to find the one that causes it. Those that didn't start run again. */
async function rehearseBatch(
  batch: readonly Prepared[],
  rehearser: Pick<Rehearser, 'rehearse'>,
  signal: AbortSignal,
): Promise<RehearsedLetter[]> {
  const messages = batch.map(({ message }) => message);
  const answers = await rehearser.rehearse(messages, signal).catch((error: unknown) => {
    if (error instanceof RehearsalDied) return error;
    throw error;
  });
  if (answers instanceof RehearsalDied) {
    const [only, ...others] = batch;
    if (only && others.length === 0) return [endedBy(answers, only.letter, 'fails')];
    const found: RehearsedLetter[] = [];
    for (const each of batch) found.push(...(await rehearseBatch([each], rehearser, signal)));
    return found;
  }
  const requestsOf = new Map(answers.map(({ messageId, requests }) => [messageId, requests]));
  const started = batch.flatMap(({ letter, message }) => {
    const requests = requestsOf.get(message.id);
    return requests ? [{ letter, requests }] : [];
  });
  const left = batch.filter(({ message }) => requestsOf.get(message.id) === undefined);
  if (left.length === 0) return started;
  if (left.length < batch.length) return [...started, ...(await rehearseBatch(left, rehearser, signal))];
  return left.map(({ letter }) => endedBy(NOT_STARTED, letter, 'undecided'));
}

const NOT_STARTED = { code: 'attempt_not_started', message: 'There was no time to start it' };

function endedBy(
  { code, message }: { readonly code: string; readonly message: string },
  letter: DeadLetter,
  result: 'fails' | 'undecided',
): RehearsedLetter {
  const requests = letter.requests.map(({ described: { id, source, tenant } }) => {
    return { id, source, ...(tenant !== undefined && { tenant }), result, code, message };
  });
  return { letter, requests };
}

function prepared(letter: DeadLetter): Prepared {
  const { id, body, groupId } = letter.message;
  const texts = Object.entries(attributesToPutBack(letter)).flatMap(([name, { StringValue }]) =>
    StringValue ? [[name, StringValue]] : [],
  );
  const group = groupId === undefined ? {} : { group: groupId };
  return { letter, message: { id, body, attributes: Object.fromEntries(texts), ...group } };
}

function batchesOf(all: readonly Prepared[]): Prepared[][] {
  const batches: Prepared[][] = [];
  let left = 0;
  for (const each of all) {
    const bytes = Buffer.byteLength(JSON.stringify(each.message));
    if (bytes > left || batches.length === 0) {
      batches.push([]);
      left = MAX_BYTES;
    }
    batches.at(-1)?.push(each);
    left -= bytes;
  }
  return batches;
}
