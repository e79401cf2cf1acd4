import { fromFetch, processor } from 'coatcheck';
import { app } from './app.ts';

/** Puts each request to the service as `POST /`; what it answers is the result. */
export const handler = processor(fromFetch(app.fetch));
