import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteInputQueue } from '../../lib/stores/sqlite/input-queue.ts';
import { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';
import { SqliteSubmissionQueue } from '../../lib/stores/sqlite/submission-queue.ts';
import { IN_TIME } from './in-time.ts';
import { type OutcomeEvent, outcomeEvent } from './outcome-event.ts';
import { WorkerProcess } from './worker-process.ts';

/** The variables of workers on the queues of a {@link WorkerFolder}. */
export const QUEUES = {
  COATCHECK_INPUT: 'sqlite:queues.db?queue=requests',
  COATCHECK_OUTPUT: 'sqlite:queues.db?queue=outcomes',
  COATCHECK_DEAD_LETTERS: 'sqlite:queues.db?queue=dead-letters',
};

/** A temporary folder with queues in a file, and the workers that run there. They are killed at its end. */
export class WorkerFolder implements AsyncDisposable {
  readonly path: string;
  readonly file: SqliteFile;
  readonly #workers: WorkerProcess[] = [];

  private constructor(path: string, file: SqliteFile) {
    this.path = path;
    this.file = file;
  }

  static async create(): Promise<WorkerFolder> {
    const path = await mkdtemp(join(tmpdir(), 'coatcheck-worker-'));
    return new WorkerFolder(path, await SqliteFile.open(join(path, 'queues.db')));
  }

  /** Runs `coatcheck worker` in the folder. */
  run(args: readonly string[], variables: Readonly<Record<string, string>> = {}): WorkerProcess {
    const worker = new WorkerProcess(this.path, args, variables);
    this.#workers.push(worker);
    return worker;
  }

  /** Sends a request. A text is sent as it is, anything else as JSON. */
  submit(payload: unknown, queue = 'requests'): Promise<void> {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return new SqliteSubmissionQueue(this.file, queue, Date).send(body, undefined);
  }

  /** The outcomes in the output queue, which they leave. */
  async outcomes(count: number): Promise<OutcomeEvent[]> {
    const queue = new SqliteInputQueue(this.file, { queue: 'outcomes', visibilitySeconds: 60, clock: Date });
    const signal = AbortSignal.timeout(IN_TIME.timeout);
    const events: OutcomeEvent[] = [];
    while (events.length < count && !signal.aborted) {
      const messages = await queue.receive(10, signal);
      await Promise.all(messages.map((message) => message.ack()));
      events.push(...messages.map((message) => outcomeEvent(message)));
    }
    return events;
  }

  /** Lets the time pass that the messages of a killed worker are hidden. */
  async passVisibility(): Promise<void> {
    await this.file.write(() => this.file.statement('UPDATE messages SET visible_at = 0').run({}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.file[Symbol.asyncDispose]();
    await rm(this.path, { recursive: true, force: true });
  }
}
