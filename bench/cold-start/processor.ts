/** A minimal processor. */
import { processor } from 'coatcheck';

export const handler = processor(async (request) => ({ size: request.size }));
