import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { AccessRefused } from './access.ts';

/** Largest form, in bytes: it is read into memory, also before its sender has signed in. The API takes as much. */
export const MAX_FORM_BYTES = 6 * 2 ** 20;

/** Refuses forms that are too large. */
export const limitForms: MiddlewareHandler = bodyLimit({
  maxSize: MAX_FORM_BYTES,
  onError: () => {
    throw unreadable();
  },
});

/** The form that a call sends. @throws AccessRefused if it sends none */
export async function formOf(c: Context): Promise<FormData> {
  try {
    return await c.req.formData();
  } catch {
    throw unreadable();
  }
}

function unreadable(): AccessRefused {
  const text = `Nothing was changed. Send what a form of this console sends, at most ${MAX_FORM_BYTES} bytes.`;
  return new AccessRefused('This is no form of this console', text);
}
