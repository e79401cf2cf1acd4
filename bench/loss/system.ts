import type { Server } from '../../test/support/brokers/server.ts';

/** What a system published about a job, as a client that isn't part of it reads it. */
export interface Outcome {
  readonly job: number;
  /** What the job returned; undefined if the outcome is a failure. */
  readonly result: unknown;
}

/** How to run a worker of a system. */
export interface WorkerProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A system on its broker, empty. */
export interface RunningSystem extends AsyncDisposable {
  /** Undefined if the system needs none, or its broker can't be killed: then the worker is killed instead. */
  readonly broker: Server | undefined;
  readonly worker: WorkerProgram;
  /** Hands in a job. Resolves when the broker has accepted it; rejects if that isn't known. */
  submit(job: number): Promise<void>;
  /** All outcomes so far. */
  outcomes(): Promise<readonly Outcome[]>;
  /** The jobs of messages that aren't settled yet. */
  unsettled?(): Promise<readonly number[]>;
  /** The jobs whose records say that they have ended. */
  recorded?(): Promise<readonly number[]>;
}

/** A system of the table. */
export interface System {
  /** With its version, and its broker with the settings that matter. */
  readonly name: string;
  /** Whether any loss breaks a promise of this project. */
  readonly isPromised: boolean;
  /**
   * Starts the broker and makes the queues.
   * @param folder an empty folder for the system's files
   */
  open(folder: string): Promise<RunningSystem>;
}
