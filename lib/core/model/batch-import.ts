import type { BatchState } from './batch.ts';

/** The states of an import, in the order in which it can have them. The last three are terminal. */
export const IMPORT_STATES = ['running', 'done', 'failed', 'cancelled'] as const;

/** How far an import is: `cancelled` with its batch, `failed` where its object could not be read to the end. */
export type ImportState = (typeof IMPORT_STATES)[number];

/** Problems of refused lines that an import keeps: the first ones. */
export const IMPORT_MAX_PROBLEMS = 100;

/** A line of an object that is no item of the batch. */
export interface ImportProblem {
  /** Its number in the object, from 1. */
  readonly line: number;
  readonly key?: string;
  readonly code: string;
  readonly detail: string;
}

/** An object in a store, with its content at one time. */
export interface ItemFile {
  readonly key: string;
  /** Another content has another one. */
  readonly etag: string;
  /** Its size. */
  readonly bytes: number;
}

/** The import of the lines of an object as items of a batch, and how far it is. */
export interface BatchImport extends ItemFile {
  /** The object as `s3://BUCKET/KEY`. */
  readonly manifest: string;
  /** The bytes of the lines that are imported. */
  readonly bytesDone: number;
  /** The lines that are imported, with empty and refused ones. */
  readonly lines: number;
  /** The lines that are no items of the batch. */
  readonly refused: number;
  /** Those of the first {@link IMPORT_MAX_PROBLEMS} refused lines. */
  readonly problems: readonly ImportProblem[];
  /** When it ended, in milliseconds since 1970. */
  readonly endedAt?: number;
  /** Why it ended before the end of the object. */
  readonly failure?: Pick<ImportProblem, 'code' | 'detail'>;
}

/** An import as a client sees it. */
export interface ImportView
  extends Pick<
    BatchImport,
    'manifest' | 'bytes' | 'bytesDone' | 'lines' | 'refused' | 'problems' | 'failure'
  > {
  readonly state: ImportState;
}

/** The import of an object that begins. */
export function newImport(manifest: string, file: ItemFile): BatchImport {
  return { ...file, manifest, bytesDone: 0, lines: 0, refused: 0, problems: [] };
}

/** The state of an import. @param state of its batch: a batch isn't sealed before its import has ended, except if it is cancelled */
export function importStateOf(
  { endedAt, failure }: BatchImport,
  { sealedAt }: Pick<BatchState, 'sealedAt'>,
): ImportState {
  if (failure) return 'failed';
  if (endedAt !== undefined) return 'done';
  return sealedAt === undefined ? 'running' : 'cancelled';
}

/** The view of an import. @param state of its batch */
export function importViewOf(imported: BatchImport, state: Pick<BatchState, 'sealedAt'>): ImportView {
  const { manifest, bytes, bytesDone, lines, refused, problems, failure } = imported;
  return {
    state: importStateOf(imported, state),
    manifest,
    bytes,
    bytesDone,
    lines,
    refused,
    problems,
    ...(failure && { failure }),
  };
}
