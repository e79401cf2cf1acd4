import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';

/** The response to a batch call. */
export interface BatchResponse {
  readonly Successful?: readonly { readonly Id?: string }[];
  readonly Failed?: readonly BatchResultErrorEntry[];
}

/** Why SQS rejected an entry of a batch. */
export interface BatchFailure {
  readonly code: string;
  readonly reason: string;
  readonly isSenderFault: boolean;
}

/** Builds the entries of a batch call. Their ids are their indexes, since a batch can contain the same message twice. */
export function batchEntries<Item, Entry>(
  items: readonly Item[],
  entryOf: (item: Item) => Entry,
): (Entry & { readonly Id: string })[] {
  return items.map((item, index) => ({ Id: String(index), ...entryOf(item) }));
}

/**
 * The failures of a batch call, in the order of its entries; undefined for entries that succeeded. An entry that the
 * response omits has failed.
 */
export function batchFailures(
  { length }: { readonly length: number },
  { Successful = [], Failed = [] }: BatchResponse,
): (BatchFailure | undefined)[] {
  const succeeded = new Set(Successful.map(({ Id }) => Id));
  const failed = new Map(Failed.map((failure) => [failure.Id, failure]));
  return Array.from({ length }, (_, index) => {
    const id = String(index);
    return succeeded.has(id) ? undefined : failureOf(failed.get(id));
  });
}

function failureOf(failure: BatchResultErrorEntry | undefined): BatchFailure {
  if (!failure) return { code: '', reason: "SQS's response omits the entry", isSenderFault: false };
  const { Code = '', Message = '', SenderFault = false } = failure;
  return { code: Code, reason: `${Code}: ${Message}`, isSenderFault: SenderFault };
}
