/** What can be wrong with a ticket, and what to do about it. `TICKET` stands for its id. */
export const VERDICTS = {
  message_missing: {
    meaning: 'The request waits, and no message will start it.',
    remedy: 'Submit the payload again, then: npx coatcheck cancel TICKET',
  },
  attempt_abandoned: {
    meaning: 'The lease of its attempt is over, and no message will start another one.',
    remedy: 'Submit the payload again, then: npx coatcheck cancel TICKET',
  },
  record_missing: {
    meaning: 'Its message waits, and its record has disappeared.',
    remedy: 'Nothing: its attempt writes a new record. Find out who deletes records.',
  },
  payload_missing: {
    meaning: 'The request has not ended, and the stored object of its payload is gone.',
    remedy: 'Restore the object, or submit the payload again: the request will fail with payload_missing.',
  },
  result_missing: {
    meaning: 'It succeeded, and the stored object of its result is gone before its time.',
    remedy: 'Restore the object, or submit the payload again.',
  },
  outcome_unpublished: {
    meaning: 'It has ended, and its outcome was never put into the output queue.',
    remedy: 'Give its consumer the outcome: npx coatcheck status TICKET, npx coatcheck result TICKET',
  },
  dead_letter_missing: {
    meaning: 'It used up its attempts, and its dead letter is gone before its time.',
    remedy: 'If you purged it: nothing. Otherwise submit the payload again.',
  },
  payload_orphaned: {
    meaning: 'The stored object of a payload has neither a record nor a message.',
    remedy: 'If its client got a ticket, submit it again. Otherwise nothing: it is deleted by its age.',
  },
  result_orphaned: {
    meaning: 'The stored object of a result has no record.',
    remedy: 'Find out who deletes records. The object is deleted by its age.',
  },
} as const;

/** The name of one of {@link VERDICTS}. */
export type VerdictName = keyof typeof VERDICTS;
