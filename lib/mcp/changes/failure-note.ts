import * as z from 'zod';
import type { Change, ChangeTools } from './change.ts';

/** Notes of groups of failures. */
export const FAILURE_NOTE_CHANGES = [
  z
    .strictObject({
      kind: z.literal('note_failure'),
      group: z.string().min(1).describe('The id of a group of failures.'),
      text: z.string().describe('Replaces the note of the group. An empty text removes it.'),
    })
    .describe('Notes something about a group of failures, for other operators.'),
] as const;

export function failureNoteChange(
  { group, text }: z.infer<(typeof FAILURE_NOTE_CHANGES)[number]>,
  { client: { failures } }: ChangeTools,
): Change {
  return {
    look: async (signal) => {
      const { id, code, note } = await failures.get(group, { signal });
      return { count: 1, state: { id, code, note } };
    },
    make: ({ signal }) => failures.setNote(group, text, { signal }),
  };
}
