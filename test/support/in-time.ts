/** How long tests wait for a condition: generous, since real queues, servers and processes are slow on a busy machine. */
export const IN_TIME = { timeout: 60_000, interval: 50 };
