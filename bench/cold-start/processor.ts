/** A minimal processor. */
import { processor } from 'coatcheck';
import { product } from './work.ts';

export const handler = processor(async (request) =>
  product((await request.json()) as { x: number; y: number }),
);
