import { processor } from 'coatcheck';

/** Says how many bytes came, with which metadata. */
export const handler = processor(async (request) => ({
  bytes: (await request.bytes()).length,
  metadata: request.metadata,
}));
