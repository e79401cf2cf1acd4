import type { BatchCounts, BatchStatus } from '../core/model/batch.ts';
import type { ImportProblem, ImportState } from '../core/model/batch-import.ts';
import type { Problem as OutcomeProblem } from '../core/model/outcome.ts';
import type { RequestStatus } from '../core/model/request-record.ts';

/** Many requests under one ticket. Times are in RFC 3339, UTC. */
export interface Batch {
  readonly id: string;
  /** `open` while items can be added, `running` when it is sealed. `completed`, `cancelled` and `expired` are final. */
  readonly status: BatchStatus;
  /** Topic of the items that have none of their own. */
  readonly topic?: string;
  readonly notBefore?: string;
  readonly expiresAt?: string;
  readonly createdAt: string;
  /** When sealing was requested during an import: it is sealed after the import. */
  readonly sealRequestedAt?: string;
  /** Of an open batch: when it is sealed without a further call, if no item is added until then. */
  readonly sealsAt?: string;
  readonly sealedAt?: string;
  readonly endedAt?: string;
  /** Items by their status. `queued` includes scheduled ones, `running` those that are being cancelled. */
  readonly counts: BatchCounts & { readonly total: number };
  /** The fraction of the items that have ended, from 0 to 1. */
  readonly progress: number;
  /** When it ends if its items continue to end as fast as since its start. */
  readonly estimatedEndAt?: string;
  /** The latest import of a manifest. @default - there was none */
  readonly import?: BatchImport;
  /** Paths relative to the API's base URL. */
  readonly links: {
    readonly self: string;
    readonly items: string;
    readonly seal: string;
    readonly results: string;
    readonly cancel: string;
    /** All results in one file. Present on AWS, from when it is written until it expires. */
    readonly manifest?: string;
  };
}

/** The import of the items of a manifest, and how far it is. */
export interface BatchImport {
  /** `running` until the end of the manifest is reached, `cancelled` with its batch. If it `failed`, the batch stays open. */
  readonly state: ImportState;
  /** The object, `s3://BUCKET/KEY`. */
  readonly manifest: string;
  /** Its size. */
  readonly bytes: number;
  /** The bytes of the lines that are imported. */
  readonly bytesDone: number;
  /** The lines that are imported, with empty and refused ones. */
  readonly lines: number;
  /** Lines that didn’t become items of the batch. The others did. */
  readonly refused: number;
  /** The first 100 refused lines. */
  readonly problems: readonly ImportProblem[];
  /** Why it failed. */
  readonly failure?: { readonly code: string; readonly detail: string };
}

/** An item of a batch, and how far its request is. */
export interface BatchResultLine {
  readonly key: string;
  /** The ticket of its request. */
  readonly id: string;
  readonly status: RequestStatus;
  readonly endedAt?: string;
  /** The result, if it succeeded: in one of `json`, `text` and `base64`, or at `link`, unless it is no longer kept. */
  readonly result?: {
    readonly contentType: string;
    readonly size: number;
    readonly json?: unknown;
    readonly text?: string;
    readonly base64?: string;
    /** Path of the result: `client.result(id)` gets it. */
    readonly link?: string;
    readonly gone?: true;
  };
  /** Why it has no result, if it failed, was cancelled or expired. */
  readonly problem?: OutcomeProblem;
}

/** Whether a batch has ended. Its status is then final. */
export function hasBatchEnded({ status }: Pick<Batch, 'status'>): boolean {
  return FINAL_BATCH_STATUSES.includes(status);
}

const FINAL_BATCH_STATUSES: readonly BatchStatus[] = ['completed', 'cancelled', 'expired'];
