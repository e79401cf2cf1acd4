import { openAsBlob } from 'node:fs';
import type { Batch, BatchImport, CoatcheckClient } from '../../client/index.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { note, printable } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { leaveRefused } from './leave-refused.ts';
import { noteRefused } from './note-refused.ts';

/** Whether a file is an object in S3. */
export function isObject(file: string): boolean {
  return file.startsWith('s3://');
}

/**
 * Lets the service import the lines of a file or of an object, waits for that, and seals the batch. If lines are refused or the import
 * fails, it reports that, and leaves the batch open if it has items.
 * @param isNew whether this command created the batch
 */
export async function importManifest(
  file: string,
  { id, isNew }: { readonly id: string; readonly isNew: boolean },
  client: CoatcheckClient,
  { signal, exit }: Run,
): Promise<Batch> {
  const { batches } = client;
  using board = new ProgressBoard();
  const progress = board.begin(id);
  try {
    const manifest = isObject(file) ? file : await openAsBlob(file);
    if (typeof manifest !== 'string') progress.note('uploading');
    await batches.addManifest(id, manifest, { signal });
    const batch = await batches.waitForImport(id, {
      signal,
      onChange: ({ import: imported }) => progress.note(importText(imported)),
    });
    const { import: imported } = batch;
    if (imported?.state === 'done' && imported.refused === 0) {
      const sealed = await batches.seal(id, { signal });
      progress.done(importText(imported));
      return sealed;
    }
    progress.failed(importText(imported));
    exit.add(EXIT.error);
    noteRefused(imported?.problems ?? []);
    if (imported?.failure) note(printable(imported.failure.detail));
    const command = `npx coatcheck batches submit ${file}${isObject(file) ? '' : ' --manifest'}`;
    const added = (imported?.lines ?? 0) - (imported?.refused ?? 0);
    return await leaveRefused({ batch, isNew, added, command }, client, signal);
  } catch (error) {
    progress.drop();
    if (!(error instanceof CoatcheckError)) throw error;
    note(`The batch is open. Its import, if it has begun, goes on: npx coatcheck batches status ${id}`);
    throw error;
  }
}

function importText(imported: BatchImport | undefined): string {
  if (!imported) return 'no import';
  const { state, bytes, bytesDone, lines, refused } = imported;
  const refusals = refused > 0 ? `, ${formatCount(refused)} refused` : '';
  return `${formatProgress(bytesDone, bytes)}, ${formatCount(lines)} lines imported${refusals}${state === 'failed' ? ', failed' : ''}`;
}
