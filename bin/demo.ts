/**
 * Deploys the service to a local AWS, submits four files, and prints their outcomes. Exits with 0 if every outcome is as
 * expected.
 *
 *     npm run demo
 *     npm run demo -- --processor FILE    with your processor; any outcome is accepted
 */
import type { S3Client } from '@aws-sdk/client-s3';
import type { Profile } from '../examples/csv-profile/profile.ts';
import { localClients } from '../lib/local/clients.ts';
import { endingOf, rowsOf } from '../lib/local/demo/ending.ts';
import { OutcomeInbox } from '../lib/local/demo/outcome-inbox.ts';
import { type DemoPayload, demoPayloads } from '../lib/local/demo/payloads.ts';
import { deviations, type Report, reportTable } from '../lib/local/demo/report.ts';
import { type UploadedRequest, uploadPayload } from '../lib/local/demo/upload.ts';
import type { LocalAws } from '../lib/local/emulator.ts';
import { readLocalSettings } from '../lib/local/environment.ts';
import { deployLocalService, EXAMPLE_PROCESSOR, readProcessor } from '../lib/local/local-service.ts';
import { showLog } from '../lib/local/show-log.ts';
import { withLocalAws } from '../lib/local/with-local-aws.ts';
import { fitColumns, formatBytes, formatCount, formatProgress, formatTable } from '../lib/terminal/format.ts';
import { main } from '../lib/terminal/main.ts';
import { printable } from '../lib/terminal/output.ts';
import { outputWidth, printTable, step, styled } from '../lib/terminal/terminal.ts';

/** After the last upload; outcomes take a few seconds. */
const OUTCOME_TIMEOUT_MS = 120_000;

await main(async (signal) => {
  const processor = await readProcessor(process.argv.slice(2));
  return withLocalAws({ ...readLocalSettings(process.env), signal, step }, (aws) =>
    program(aws, processor, signal),
  );
});

async function program(aws: LocalAws, processor: string, signal: AbortSignal): Promise<number> {
  const since = Date.now();
  const service = await deployLocalService({ endpoint: aws.endpoint, processor, signal, step });
  const { s3, sqs } = localClients(aws.endpoint);
  await using inbox = new OutcomeInbox(sqs, service('OutputQueueUrl'));

  const submissions = await upload(s3, service('PayloadBucketName'), await payloadsFor(processor), signal);
  const reports = await collect(submissions, inbox, s3, signal);

  console.log();
  printTable(reportTable(reports, outputWidth()));
  showFirstProfile(reports);
  console.log('\nLog of the processor:\n');
  const { endpoint } = aws;
  await showLog({ endpoint, service, printable, since, follow: false, signal });
  const wrong = deviations(reports);
  if (wrong.length === 0) {
    const verdict = processor === EXAMPLE_PROCESSOR ? 'are as expected' : 'arrived';
    console.log(styled('green', `\nAll ${reports.length} outcomes ${verdict}.`));
    return 0;
  }
  console.log(styled('red', `\n${wrong.join('\n')}`));
  return 1;
}

/** Outcomes are checked for the example only. */
async function payloadsFor(processor: string): Promise<readonly DemoPayload[]> {
  const payloads = await demoPayloads();
  if (processor === EXAMPLE_PROCESSOR) return payloads;
  return payloads.map((payload) => ({ ...payload, expected: undefined }));
}

async function upload(
  s3: S3Client,
  bucket: string,
  payloads: readonly DemoPayload[],
  signal: AbortSignal,
): Promise<UploadedRequest[]> {
  const submissions: UploadedRequest[] = [];
  for (const payload of payloads) {
    await step(`Uploading ${payload.name}`, async (note) => {
      const onProgress = (bytes: number) => note(formatProgress(bytes, payload.size));
      submissions.push(await uploadPayload(payload, { s3, bucket, signal, onProgress }));
      note(formatBytes(payload.size));
    });
  }
  return submissions;
}

function collect(
  submissions: readonly UploadedRequest[],
  inbox: OutcomeInbox,
  s3: S3Client,
  signal: AbortSignal,
): Promise<Report[]> {
  const patience = AbortSignal.timeout(OUTCOME_TIMEOUT_MS);
  return step('Waiting for the outcomes', (note) => {
    let arrived = 0;
    const reportOn = async (submission: UploadedRequest): Promise<Report> => {
      try {
        const arrival = await inbox.wait(submission.requestId, AbortSignal.any([signal, patience]));
        note(`${++arrived} of ${submissions.length}`);
        return { submission, outcome: { arrival, ending: await endingOf(arrival.event, s3) } };
      } catch (error) {
        if (error === patience.reason) return { submission, outcome: undefined };
        throw error;
      }
    };
    return Promise.all(submissions.map(reportOn));
  });
}

function showFirstProfile(reports: readonly Report[]): void {
  for (const { submission, outcome } of reports) {
    if (outcome?.ending.status !== 'succeeded' || !isProfile(outcome.ending.result)) continue;
    console.log(`\nThe result of ${submission.payload.name}, a profile:\n`);
    printTable(profileTable(outcome.ending.result, outputWidth()));
    return;
  }
}

function isProfile(result: unknown): result is Profile {
  return rowsOf(result) !== undefined && Array.isArray(Object(result).columns);
}

function profileTable({ columns }: Profile, width: number): string[] {
  const rows = columns.map(({ name, type, nulls, min, max, mean, standardDeviation, distinct, top }) => [
    name,
    type,
    formatCount(nulls),
    formatFigure(min),
    formatFigure(max),
    formatFigure(mean),
    formatFigure(standardDeviation),
    `${distinct.exact ? '' : '~'}${formatCount(distinct.count)}`,
    mostFrequent(top.values),
  ]);
  const header = ['column', 'type', 'nulls', 'min', 'max', 'mean', 'std dev', 'distinct', 'most frequent'];
  const fitting = fitColumns([header, ...rows], ['most frequent', 'distinct', 'std dev', 'nulls'], width);
  const numeric = ['nulls', 'min', 'max', 'mean', 'std dev', 'distinct'].map(
    (name) => fitting[0]?.indexOf(name) ?? -1,
  );
  return formatTable(fitting, numeric);
}

function formatFigure(figure: number | string | undefined): string {
  return typeof figure === 'number' ? String(Number(figure.toPrecision(4))) : (figure ?? '');
}

/** Empty if all values are equally frequent. */
function mostFrequent([first]: Profile['columns'][number]['top']['values']): string {
  return first && first.count > 1 ? `${first.value} (${formatCount(first.count)})` : '';
}
