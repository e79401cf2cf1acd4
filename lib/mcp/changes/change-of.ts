import * as z from 'zod';
import { BATCH_CHANGES, batchChange } from './batch.ts';
import type { Change, ChangeTools } from './change.ts';
import { FAILURE_NOTE_CHANGES, failureNoteChange } from './failure-note.ts';
import { LIMIT_CHANGES, limitChange } from './limit.ts';
import { PAUSE_CHANGES, pauseChange } from './pause.ts';
import { SCHEDULE_CHANGES, scheduleChange } from './schedule.ts';
import { WEBHOOK_CHANGES, webhookChange } from './webhook.ts';

/** The changes that an agent can plan, apart from actions on requests. */
export const NewChange = z.discriminatedUnion('kind', [
  ...PAUSE_CHANGES,
  ...LIMIT_CHANGES,
  ...SCHEDULE_CHANGES,
  ...WEBHOOK_CHANGES,
  ...BATCH_CHANGES,
  ...FAILURE_NOTE_CHANGES,
]);

export type NewChange = z.infer<typeof NewChange>;

export function changeOf(change: NewChange, tools: ChangeTools): Change {
  switch (change.kind) {
    case 'pause_service':
    case 'resume_service':
      return pauseChange(change, tools);
    case 'change_limit':
    case 'pause_limit':
    case 'resume_limit':
    case 'reset_limit':
      return limitChange(change, tools);
    case 'pause_schedule':
    case 'resume_schedule':
    case 'run_schedule':
    case 'remove_schedule':
      return scheduleChange(change, tools);
    case 'enable_webhook_endpoint':
    case 'disable_webhook_endpoint':
    case 'test_webhook_endpoint':
    case 'replay_webhooks':
    case 'repeat_webhook':
      return webhookChange(change, tools);
    case 'cancel_batch':
      return batchChange(change, tools);
    case 'note_failure':
      return failureNoteChange(change, tools);
  }
}
