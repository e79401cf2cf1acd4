/** Why one entry of a batch failed, as SQS and SNS say it. */
interface FailedEntry {
  readonly Id?: string | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

/** The response to a batch call of SQS or SNS. */
export interface BatchResponse {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly FailedEntry[] | undefined;
}

/** Why AWS rejected an entry of a batch. */
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

function failureOf(failure: FailedEntry | undefined): BatchFailure {
  if (!failure) return { code: '', reason: 'the response omits the entry', isSenderFault: false };
  const { Code = '', Message = '', SenderFault = false } = failure;
  return { code: Code, reason: `${Code}: ${Message}`, isSenderFault: SenderFault };
}
