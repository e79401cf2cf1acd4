import { fromFetch, processor } from 'coatcheck';
import { app } from './app.ts';

/** Sends each request to the service as `POST /`; the response is the result. */
export const handler = processor(fromFetch(app.fetch));
