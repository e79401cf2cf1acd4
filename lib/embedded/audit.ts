import type { AuditSource } from '../core/ports/audit-source.ts';
import { listObjects } from '../stores/directory/list-objects.ts';
import type { DirectoryPayloadStore } from '../stores/directory/payload-store.ts';
import { type AuditedQueues, AuditRows } from '../stores/sqlite/audit-rows.ts';
import type { SqliteFile } from '../stores/sqlite/sqlite-file.ts';
import { QUEUES, REQUEST_LANES } from './storage.ts';

/** The files of an audit on this machine. */
export interface AuditedFiles {
  readonly file: SqliteFile;
  /** Absent if payloads and results are elsewhere. */
  readonly payloads?: DirectoryPayloadStore;
  /** @default - those of a service */
  readonly queues?: AuditedQueues;
}

const SERVICE_QUEUES: AuditedQueues = {
  lanes: Object.values(REQUEST_LANES),
  deadLetters: [QUEUES.deadLetters],
};

/** The source of an audit of files. */
export function fileAudit({ file, payloads, queues = SERVICE_QUEUES }: AuditedFiles): AuditSource {
  const rows = new AuditRows(file, queues);
  return {
    count: async () => rows.count(),
    objects: () => payloads && listObjects(payloads.directory),
    hasObject: async ({ key }) => {
      const opened = await payloads?.recall(key, new AbortController().signal);
      opened?.discard();
      return opened !== undefined;
    },
    records: () => rows.records(),
    unrecorded: (before) => rows.unrecorded(before),
    objectsOfMessages: () => rows.objectsOfMessages(),
  };
}
