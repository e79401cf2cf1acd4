/** A minimal function. */
export const handler = async () => ({ batchItemFailures: [] });
