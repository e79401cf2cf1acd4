import type { PreparedRequest } from '../../core/intake/submissions.ts';
import type {
  Action,
  ActionItem,
  ActionKind,
  EditedPayload,
  ItemSettlement,
} from '../../core/model/action.ts';
import { editedRetryOf } from '../../core/operations/edited-retry.ts';
import { isFor, retriableOf } from '../../core/operations/letter-rules.ts';
import { REHEARSAL_DIED, settlementOf } from '../../core/operations/rehearsed.ts';
import { retryIdOf } from '../../core/operations/retry-id.ts';
import {
  cancellationOf,
  retriedBefore,
  SKIPPED,
  SKIPPED_BY_DECISION,
} from '../../core/operations/skipped.ts';
import { RecordMissing } from '../../core/records/errors.ts';
import { noteDiscarded, type SqliteDeadLetter } from '../../stores/sqlite/dead-letters.ts';
import { MessageTable } from '../../stores/sqlite/message-table.ts';
import { SqliteRecordStore } from '../../stores/sqlite/record-store.ts';
import { cancelRequest } from '../cancel-request.ts';
import { deadLettersIn, puttingBack } from '../redrive.ts';
import type { ActionParts } from './action-parts.ts';
import { decideRedriveOf, letterStateOf, type OpenedLetter, openLetter } from './opened-letter.ts';

/** A request of an action that runs. */
interface Handled {
  readonly action: Action;
  readonly item: ActionItem;
}

type Handle = (handled: Handled, parts: ActionParts) => Promise<void>;

/** Handles a request, and settles it: in the same transaction, unless the change has no effect when it is repeated. */
export const HANDLE_ITEM: Readonly<Record<ActionKind, Handle>> = {
  redrive: redriveLetter,
  purge: (handled, parts) => takeLetter(handled, parts, { result: 'done' }),
  cancel: async (handled, parts) => settle(handled, parts, await cancel(handled.item, parts)),
  retry: (handled, parts) =>
    handled.action.payload ? retryWith(handled.action.payload, handled, parts) : retryLetter(handled, parts),
  rehearse: rehearseLetter,
};

const { GONE, NOT_FAILED } = SKIPPED;

async function redriveLetter(handled: Handled, parts: ActionParts): Promise<void> {
  const opened = await openItem(handled, parts);
  if (!opened) return settle(handled, parts, GONE);
  switch (decideRedriveOf(opened)) {
    case 'limit_reached':
      return settle(handled, parts, SKIPPED_BY_DECISION.limit_reached);
    case 'settled':
      return takeLetter(handled, parts, SKIPPED_BY_DECISION.settled);
    case 'put_back': {
      const { queue, send } = puttingBack(parts.storage, opened.letter);
      return takeLetter(handled, parts, { result: 'done' }, { queue, send });
    }
  }
}

async function retryLetter(handled: Handled, parts: ActionParts): Promise<void> {
  const { intake } = parts;
  const opened = await openItem(handled, parts);
  if (!opened) return settle(handled, parts, GONE);
  const { record, decoded } = opened;
  const retriable = isFor('retry', letterStateOf(opened)) ? retriableOf(decoded) : undefined;
  if (!record || !retriable) return settle(handled, parts, NOT_FAILED);
  const id = retryIdOf(record);
  const retried = await intake.records.find({ id, source: '', tenant: record.request.tenant });
  if (retried) return takeLetter(handled, parts, retriedBefore(id));
  const sending = submitting(intake.submissions.prepareRetry(retriable, id), parts, opened.letter);
  await takeLetter(handled, parts, { result: 'done', retriedAs: id }, sending);
}

/** Changes nothing but the settlement. A request whose rehearsal ends the process stays settled as `REHEARSAL_DIED`. */
async function rehearseLetter(handled: Handled, parts: ActionParts): Promise<void> {
  const { rehearser, store, storage } = parts;
  const opened = await openItem(handled, parts);
  if (!opened) return settle(handled, parts, GONE);
  const decision = decideRedriveOf(opened);
  if (decision !== 'put_back') return settle(handled, parts, SKIPPED_BY_DECISION[decision]);
  if (!rehearser || rehearser.stop.aborted) return;
  await settle(handled, parts, REHEARSAL_DIED);
  const settlement = settlementOf(await rehearser.rehearse(opened.letter.message));
  await storage.file.write(() => store.resettle(handled.action, handled.item, REHEARSAL_DIED, settlement));
}

async function retryWith(edited: EditedPayload, handled: Handled, parts: ActionParts): Promise<void> {
  const { intake, storage, store } = parts;
  const { item, action } = handled;
  const record = await intake.records.find(item);
  if (record?.status !== 'failed') return settle(handled, parts, NOT_FAILED);
  const id = intake.newId(storage.clock.now());
  const prepared = await intake.submissions.prepare(editedRetryOf(record, edited), id, id);
  const { queue, send } = submitting(prepared, parts);
  const submit = () => {
    if (store.settle(action, item, { result: 'done', retriedAs: id })) send();
  };
  await storage.file.write(submit, 'on disk', queue);
}

async function cancel(item: ActionItem, { intake }: ActionParts): Promise<ItemSettlement> {
  try {
    const { status } = (await cancelRequest(item, intake)).stored.record;
    return cancellationOf(status);
  } catch (error) {
    if (error instanceof RecordMissing) return SKIPPED.UNKNOWN;
    throw error;
  }
}

/** A message that is sent in the transaction that takes a dead letter away. */
interface Sending {
  readonly queue: string;
  readonly send: () => void;
}

/** Settles a request and takes its dead letter away, in one transaction. */
async function takeLetter(
  { action, item }: Handled,
  { storage, store }: ActionParts,
  settlement: ItemSettlement,
  sending?: Sending,
): Promise<void> {
  const { file, clock } = storage;
  const letters = deadLettersIn(storage);
  const number = Number(item.letter);
  const now = clock.now();
  const take = () => {
    const isThere = letters.has(number, now);
    if (!store.settle(action, item, isThere ? settlement : GONE) || !isThere) return;
    letters.take(number, now);
    if (action.action !== 'redrive') noteDiscarded(file, item);
    sending?.send();
  };
  await file.write(take, 'on disk', sending?.queue);
}

/** Submits a new request. @param earlier the message of the one that it retries, whose group it joins */
function submitting(
  { message, record, place }: PreparedRequest,
  { storage }: ActionParts,
  earlier?: SqliteDeadLetter,
): Sending {
  const { file, clock } = storage;
  const queue = storage.laneNameFor(place.priority);
  const group = earlier ? earlier.message.group : storage.groupOf(record.record.request.tenant);
  const sendMessage = new MessageTable(file, queue).sending([{ body: message, group }], clock.now());
  const write = new SqliteRecordStore(file).writing(record);
  return {
    queue,
    send: () => {
      // Another process may have retried it for another dead letter just now.
      if (write().written) sendMessage();
    },
  };
}

async function openItem({ item }: Handled, parts: ActionParts): Promise<OpenedLetter | undefined> {
  const { storage, intake, settings } = parts;
  const now = storage.clock.now();
  const letter = deadLettersIn(storage).find(Number(item.letter), now);
  return letter && openLetter(letter, intake.records, settings, now);
}

/** Settles a request that isn't changed, or whose change can be repeated. */
export async function settle(
  { action, item }: Handled,
  { storage, store }: ActionParts,
  settlement: ItemSettlement,
): Promise<void> {
  await storage.file.write(() => store.settle(action, item, settlement));
}
