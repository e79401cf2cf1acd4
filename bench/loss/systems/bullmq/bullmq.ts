import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What is used of BullMQ, which isn't installed in this project. */
export interface BullMq {
  readonly Queue: new (
    name: string,
    options: { readonly connection: Connection },
  ) => {
    add(name: string, data: unknown, options?: { readonly jobId: string }): Promise<unknown>;
    on(event: 'error', listener: (error: Error) => void): void;
    close(): Promise<void>;
  };
  readonly Worker: new (
    name: string,
    run: (job: { readonly data: { readonly job: number } }) => Promise<unknown>,
    options: { readonly connection: Connection; readonly concurrency: number },
  ) => {
    on(event: 'error', listener: (error: Error) => void): void;
    close(): Promise<void>;
  };
}

interface Connection {
  readonly port: number;
  readonly maxRetriesPerRequest?: null;
}

/** @param folder whose `node_modules` has it */
export function loadBullMq(folder: string): BullMq {
  return createRequire(join(folder, 'package.json'))('bullmq');
}
