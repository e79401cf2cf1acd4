import type { Batch, BatchImport } from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, printCells, printJson, printRows } from '../../terminal/output.ts';

const HEADER = [
  'batch',
  'status',
  'progress',
  'items',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'estimated end',
  'import',
] as const;

const LEAST_IMPORTANT = ['import', 'estimated end', 'expired', 'cancelled', 'items'] as const;

/** Prints batches as a table, as cells or as JSON. */
export async function printBatches(
  batches: Iterable<Batch> | AsyncIterable<Batch>,
  { json }: { readonly json?: true },
): Promise<void> {
  const onTerminal = isForPeople({ json });
  const rows: string[][] = [];
  for await (const batch of batches) {
    if (onTerminal) rows.push(cellsOf(batch, formatCount));
    else await (json ? printJson(batch) : printCells(cellsOf(batch, String)));
  }
  if (onTerminal) printRows(HEADER, rows, LEAST_IMPORTANT);
}

/** `52%`, never more than is done. */
function formatPart({ progress }: Batch): string {
  return `${Math.floor(progress * 100)}%`;
}

function cellsOf(batch: Batch, format: (count: number) => string): string[] {
  const { id, status, counts, estimatedEndAt = '' } = batch;
  const { total, succeeded, failed, cancelled, expired } = counts;
  const figures = [total, succeeded, failed, cancelled, expired].map(format);
  return [id, status, formatPart(batch), ...figures, estimatedEndAt, importText(batch.import, format)];
}

/** `running 52%, 3 refused`; empty for a batch without an import. */
function importText(imported: BatchImport | undefined, format: (count: number) => string): string {
  if (!imported) return '';
  const { state, bytes, bytesDone, refused } = imported;
  const part = state === 'running' ? ` ${Math.floor((bytesDone / Math.max(bytes, 1)) * 100)}%` : '';
  return `${state}${part}${refused > 0 ? `, ${format(refused)} refused` : ''}`;
}
