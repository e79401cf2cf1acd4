import type { BatchResultErrorEntry } from '@aws-sdk/client-sqs';

/** What SQS answers to a call of several entries. */
export interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string }[];
  readonly Failed?: readonly BatchResultErrorEntry[];
}

/**
 * Why SQS refused messages of a call, by their ids. One that its answer leaves out is refused too.
 * @param messages those of the call, whose entries have their indexes for ids
 */
export function refusalsOf(
  messages: readonly { readonly id: string }[],
  { Successful = [], Failed = [] }: BatchAnswer,
): Map<string, string> {
  const accepted = new Set(Successful.map(({ Id }) => Id));
  const reasons = new Map(Failed.map(({ Id, Code, Message }) => [Id, `${Code}: ${Message ?? ''}`]));
  return new Map(
    messages.flatMap(({ id }, index) => {
      const entry = String(index);
      if (accepted.has(entry)) return [];
      return [[id, reasons.get(entry) ?? "SQS's answer left it out"]];
    }),
  );
}
