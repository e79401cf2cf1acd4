/** The name of the queue that the worker under test receives from. */
export const WORKER_QUEUE = 'e2e-worker';
