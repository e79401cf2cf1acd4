import { NO_STORE } from './no-store.ts';

/** Results and payloads are untrusted content. These headers keep browsers from running them as a page of this API's origin. */
export const INERT = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "sandbox; default-src 'none'",
  ...NO_STORE,
} as const;
