import { Command } from 'commander';
import {
  type AddedLines,
  ApiError,
  type Batch,
  type CoatcheckClient,
  type LinesReceipt,
} from '../../client/index.ts';
import { formatCount } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT, EXIT_CODES_HELP } from '../exit-status.ts';
import { readDuration } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { readTopic } from '../submit/options.ts';
import { STANDARD_INPUT } from '../submit/payload-files.ts';
import { printBatches } from './batch-rows.ts';
import { importManifest, isObject } from './import-manifest.ts';
import { assertReadable, itemLines } from './item-lines.ts';
import { leaveRefused } from './leave-refused.ts';
import { noteRefused } from './note-refused.ts';
import { saveResults } from './save-results.ts';
import { waitForBatch } from './wait-for-batch.ts';

const EXAMPLES = `
A line of the file is an item, with a key that is unique in the file:
  {"key": "a-17", "json": {"order": 17}}

Examples:
  npx coatcheck batches submit orders.ndjson
  npx coatcheck batches submit orders.ndjson --wait -o results.ndjson
  npx coatcheck batches submit orders.ndjson --manifest
  npx coatcheck batches submit s3://my-bucket/payloads/batches/orders.ndjson
  jq -c '.[] | {key: "\\(.id)", json: .}' orders.json | npx coatcheck batches submit - --topic orders`;

interface SubmitBatchOptions extends ServiceOptions {
  readonly topic?: string;
  readonly expiresIn?: number;
  readonly callbackUrl?: string;
  readonly resume?: string;
  readonly manifest?: true;
  readonly wait?: true;
  readonly timeout?: number;
  readonly output?: string;
}

/** A batch with the receipts of its lines, if the service gives any. */
interface SubmittedBatch extends Batch {
  readonly receipts?: readonly LinesReceipt[];
}

/** `coatcheck batches submit`: submits the lines of a file as one batch. */
export function submitBatchCommand(run: Run): Command {
  const command = new Command('submit')
    .description('Submit the lines of a file as one batch, and print its ticket.')
    .argument(
      '<file>',
      'items, one JSON object per line; - is standard input, s3://BUCKET/KEY an object in the bucket of the service',
    )
    .option('--topic <topic>', 'topic of the items that have none, for example images.thumbnail', readTopic)
    .option('--expires-in <time>', 'items that have not started by then expire, for example 1h', readDuration)
    .option('--callback-url <url>', 'URL that gets a webhook when the batch has ended')
    .option('--resume <batch>', 'continue an open batch: only lines that it lacks are added')
    .option('--manifest', 'on AWS: upload the file to S3, and let the service add its lines')
    .option('--wait', 'wait until all items have ended, if no line was refused')
    .option('--timeout <time>', 'maximum wait, for example 10min', readDuration)
    .option('-o, --output <file>', 'file for the results, one line per item')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addServiceOptions(command).action(async (file: string, options: SubmitBatchOptions) => {
    const problem = usageProblem(file, options);
    if (problem !== undefined) command.error(`error: ${problem}`);
    await withService(options, run.signal, (client) => submit(file, options, client, run));
  });
}

function usageProblem(
  file: string,
  { wait, timeout, output, resume, manifest, ...defaults }: SubmitBatchOptions,
): string | undefined {
  if (manifest && (file === STANDARD_INPUT || isObject(file))) return `--manifest needs a file, got ${file}`;
  if (!wait && timeout !== undefined) return '--timeout needs --wait';
  if (!wait && output !== undefined) return '--output needs --wait';
  if (resume === undefined) return undefined;
  const { topic, expiresIn, callbackUrl } = defaults;
  if (topic ?? expiresIn ?? callbackUrl) {
    return '--topic, --expires-in and --callback-url are for a new batch: leave them out with --resume';
  }
  return undefined;
}

async function submit(
  file: string,
  options: SubmitBatchOptions,
  client: CoatcheckClient,
  run: Run,
): Promise<void> {
  const { resume, output } = options;
  if (!isObject(file)) await assertReadable(file);
  const id = resume ?? (await create(options, client, run));
  const target = { id, isNew: resume === undefined };
  let batch: SubmittedBatch =
    options.manifest || isObject(file)
      ? await importManifest(file, target, client, run)
      : await addAll(file, target, client, run);
  if (!isSealed(batch)) return printBatches([batch], options);
  if (options.wait) batch = withReceipts(await waitForBatch(id, options, client, run), batch);
  await printBatches([batch], options);
  if (output !== undefined) await saveResults(id, output, client, run.signal);
}

async function create(
  { topic, expiresIn, callbackUrl }: SubmitBatchOptions,
  { batches }: CoatcheckClient,
  { signal }: Run,
): Promise<string> {
  const expiresAt = expiresIn === undefined ? undefined : new Date(Date.now() + expiresIn * 1000);
  return (await batches.create({ topic, expiresAt, callbackUrl }, { signal })).id;
}

/** Whether all lines were added: a batch is cancelled if none of them was. */
function isSealed({ status }: Batch): boolean {
  return status !== 'open' && status !== 'cancelling' && status !== 'cancelled';
}

/** Adds the lines of a file, and seals the batch. If lines are refused, it reports them, and leaves the batch open if it has items. */
async function addAll(
  file: string,
  { id, isNew }: { readonly id: string; readonly isNew: boolean },
  client: CoatcheckClient,
  { signal, exit }: Run,
): Promise<SubmittedBatch> {
  const { batches } = client;
  const command = `npx coatcheck batches submit ${file}`;
  using board = new ProgressBoard();
  const progress = board.begin(id);
  try {
    const tally = await batches.add(id, itemLines(file, signal), {
      signal,
      onProgress: (so) => progress.note(tallyText(so)),
    });
    if (tally.refused.length === 0) {
      const sealed = await batches.seal(id, { signal });
      progress.done(tallyText(tally));
      return withReceipts(sealed, tally);
    }
    progress.failed(tallyText(tally));
    noteRefused(
      tally.refused.map(({ problem: { detail, code }, ...line }) => ({ ...line, detail: detail ?? code })),
    );
    exit.add(EXIT.error);
    const batch = await batches.get(id, { signal });
    const added = tally.added + tally.repeated;
    return withReceipts(await leaveRefused({ batch, isNew, added, command }, client, signal), tally);
  } catch (error) {
    progress.drop();
    if (!(error instanceof ApiError)) note(`The batch is open. To go on: ${command} --resume ${id}`);
    throw error;
  }
}

function withReceipts(batch: Batch, { receipts = [] }: Pick<SubmittedBatch, 'receipts'>): SubmittedBatch {
  return receipts.length === 0 ? batch : { ...batch, receipts };
}

function tallyText({ added, repeated, refused }: AddedLines): string {
  const others = [
    ...(repeated > 0 ? [`${formatCount(repeated)} already there`] : []),
    ...(refused.length > 0 ? [`${formatCount(refused.length)} refused`] : []),
  ];
  return [`${formatCount(added)} added`, ...others].join(', ');
}
