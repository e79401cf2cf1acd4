/** The least a processor can be. */
import { processor } from 'coatcheck';

export const handler = processor(async (request) => ({ size: request.size }));
