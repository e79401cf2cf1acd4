import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PROJECT_FOLDER } from '../../../../lib/local/folder.ts';
import { CONCURRENCY, QUEUES } from '../../job.ts';
import { type Queues, unsettledJobs } from '../../queues/queues.ts';
import type { System } from '../../system.ts';

const PROCESSOR = join(import.meta.dirname, 'processor.ts');

/**
 * `coatcheck worker` with the records in a SQLite file.
 * @param broker with its settings
 * @param open makes the queues, with its files in a folder
 * @param isPromised whether the broker keeps what it has confirmed. @default true
 */
export function coatcheckOn(
  broker: string,
  open: (folder: string) => Promise<Queues>,
  { isPromised = true } = {},
): System {
  return {
    name: `Coatcheck, ${broker}`,
    isPromised,
    async open(folder) {
      const queues = await open(folder);
      const records = join(folder, 'records.db');
      return {
        broker: queues.broker,
        worker: {
          command: process.execPath,
          args: [join(PROJECT_FOLDER, 'bin', 'coatcheck.ts'), 'worker', PROCESSOR],
          cwd: folder,
          env: {
            ...queues.variables,
            COATCHECK_INPUT: queues.urlOf(QUEUES.input),
            COATCHECK_OUTPUT: queues.urlOf(QUEUES.output),
            COATCHECK_RECORDS: `sqlite:${records}`,
            COATCHECK_CONCURRENCY: String(CONCURRENCY),
            COATCHECK_STATUS_PORT: '0',
          },
        },
        submit: (job) => queues.submit({ id: `job-${job}`, body: JSON.stringify({ job }) }),
        outcomes: async () => (await queues.published()).map(outcomeOf),
        ...unsettledJobs(queues),
        recorded: async () => endedIn(records),
        [Symbol.asyncDispose]: () => queues[Symbol.asyncDispose](),
      };
    },
  };
}

function outcomeOf(body: string) {
  const { subject, type, data } = JSON.parse(body);
  const job = Number(String(subject).replace('job-', ''));
  return { job, result: type === 'coatcheck.request.succeeded' ? data : undefined };
}

/** Reads the records by SQLite itself. */
function endedIn(path: string): number[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT record FROM records').all();
  database.close();
  return rows.flatMap(({ record }) => {
    const { status, request } = JSON.parse(String(record));
    return status === 'succeeded' ? [Number(String(request.id).replace('job-', ''))] : [];
  });
}
