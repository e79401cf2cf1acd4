import * as z from 'zod';

/** Metadata that requests must have. An agent gives the values that it knows, and is shown none. */
export const KnownMetadata = z
  .record(z.string(), z.string())
  .describe('Metadata that they have, of the keys in the setting recordMetadata. No tool shows values.');
