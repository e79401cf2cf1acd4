import { CoatcheckError } from '../base/errors.ts';
import { BATCH_KEY_MAX_LENGTH, type Batch } from '../model/batch.ts';
import { type BatchImport, IMPORT_MAX_PROBLEMS, type ImportProblem } from '../model/batch-import.ts';
import { BATCH_LINE_MAX_BYTES } from '../model/batch-lines.ts';
import type { DueBatch, ImportStore } from '../ports/batch-store.ts';
import type { Clock } from '../ports/clock.ts';
import { type ItemFiles, ItemFileUnreadable } from '../ports/item-files.ts';

/** The ports of a {@link BatchImporter}. */
export interface BatchImporterPorts {
  readonly store: Pick<ImportStore, 'noteImport'>;
  readonly files: Pick<ItemFiles, 'read'>;
  /**
   * Adds the items of whole lines. Those that are there already aren't added again.
   * @returns the lines that are no items of the batch, numbered from 1
   * @throws as `Batches.add` does
   */
  readonly addLines: (batch: Batch, bytes: Uint8Array) => Promise<readonly ImportProblem[]>;
  readonly clock: Clock;
}

/** Bytes that are read at a time, unless a line is longer. */
const READ_BYTES = 1_048_576;

/** Lines of a part: adding them takes a few seconds of the 30 that a process has for a part. */
const PART_LINES = 2_000;

/** Characters of a detail that are kept: the problems are in the item of the batch, which has 400 KB at most. */
const DETAIL_MAX_LENGTH = 200;

const LINE_FEED = 10;

/** Whole lines. */
interface Part {
  readonly bytes: Uint8Array;
  readonly lines: number;
}

/** A line is longer than a line may be. */
class LineTooLong extends CoatcheckError {
  override readonly name = 'LineTooLong';
  readonly code = 'line_too_large';

  constructor(line: number, manifest: string) {
    super(
      `Line ${line} of the manifest ${manifest} has more than ${BATCH_LINE_MAX_BYTES} bytes: submit its payload by POST /v1/uploads, and import the other lines again`,
    );
  }
}

/**
 * Imports the lines of an object as items, part by part. After each part, the store notes the progress of the import. If a
 * process dies, another one repeats at most one part, whose items aren't added twice.
 */
export class BatchImporter {
  readonly #ports: BatchImporterPorts;

  constructor(ports: BatchImporterPorts) {
    this.#ports = ports;
  }

  /** Imports a further part. @throws any error of a port: the part is imported again */
  async advance(due: DueBatch): Promise<void> {
    const { store, clock } = this.#ports;
    if (!due.import) return;
    try {
      await store.noteImport(due, await this.#importPart(due.batch, due.import));
    } catch (error) {
      if (!isFinal(error)) throw error;
      const failure = { code: error.code, detail: error.message };
      await store.noteImport(due, { ...due.import, failure, endedAt: clock.now() });
    }
  }

  async #importPart(batch: Batch, before: BatchImport): Promise<BatchImport> {
    const { addLines, clock } = this.#ports;
    const { bytes, lines } = await this.#readPart(before);
    const refused = lines === 0 ? [] : await addLines(batch, bytes);
    const bytesDone = before.bytesDone + bytes.byteLength;
    const problems = refused
      .slice(0, IMPORT_MAX_PROBLEMS - before.problems.length)
      .map((each) => keptProblem(each, before.lines));
    return {
      ...before,
      bytesDone,
      lines: before.lines + lines,
      refused: before.refused + refused.length,
      problems: [...before.problems, ...problems],
      ...(bytesDone === before.bytes && { endedAt: clock.now() }),
    };
  }

  /** Reads the whole lines that come next. @throws LineTooLong, ItemFileUnreadable */
  async #readPart(before: BatchImport): Promise<Part> {
    const { bytesDone, bytes } = before;
    for (const most of [READ_BYTES, BATCH_LINE_MAX_BYTES + 1]) {
      const to = Math.min(bytesDone + most, bytes);
      if (to === bytesDone) return { bytes: new Uint8Array(), lines: 0 };
      const part = firstLines(await this.#ports.files.read(before, bytesDone, to), to === bytes);
      if (part.lines > 0) return part;
    }
    throw new LineTooLong(before.lines + 1, before.manifest);
  }
}

/** Shortens a problem to what the store keeps of it. @param linesBefore the lines of the parts before */
function keptProblem({ line, key, code, detail }: ImportProblem, linesBefore: number): ImportProblem {
  return {
    line: linesBefore + line,
    ...(key !== undefined && { key: key.slice(0, BATCH_KEY_MAX_LENGTH) }),
    code,
    detail: detail.slice(0, DETAIL_MAX_LENGTH),
  };
}

/** The first whole lines of some bytes. @param isEnd whether no others follow, so that the last line needs no line feed */
function firstLines(bytes: Uint8Array, isEnd: boolean): Part {
  let length = 0;
  for (let lines = 0; lines < PART_LINES; lines++) {
    if (length === bytes.byteLength) return { bytes, lines };
    const end = bytes.indexOf(LINE_FEED, length);
    if (end < 0) return isEnd ? { bytes, lines: lines + 1 } : { bytes: bytes.subarray(0, length), lines };
    length = end + 1;
  }
  return { bytes: bytes.subarray(0, length), lines: PART_LINES };
}

/** Whether an import can't go on: its object can't be read, or its batch takes no items. */
function isFinal(error: unknown): error is CoatcheckError {
  if (error instanceof ItemFileUnreadable || error instanceof LineTooLong) return true;
  return error instanceof CoatcheckError && (error.code === 'batch_closed' || error.code === 'batch_unknown');
}
