import { BINARY_TYPE } from '../../core/base/media-type.ts';
import type { Api } from '../api.ts';
import { readingPayload } from '../payload.ts';
import { transfer } from '../transfer.ts';
import type { FormUpload } from './ticket.ts';

/** Uploads a payload in one call. Uploading it again after a lost answer is the same request. */
export async function uploadForm(
  api: Api,
  { url, fields }: FormUpload,
  blob: Blob,
  signal?: AbortSignal,
): Promise<void> {
  const body = formOf(fields, blob);
  const send = async () => {
    const answer = await readingPayload(
      blob,
      () => transfer(api.fetch, { method: 'POST', url, body, signal }),
      signal,
    );
    await answer.body?.cancel();
  };
  await api.retrier.run(send, signal);
}

/**
 * The file comes last, because the store ignores fields after it. This is no `FormData`: Node's `fetch` never settles when it can't
 * read a file in one, and the process ends with an unhandled rejection. It reports that of a `Blob`.
 */
function formOf(fields: FormUpload['fields'], blob: Blob): Blob {
  const boundary = crypto.randomUUID();
  const begin = (name: string) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
  const texts = Object.entries(fields).map(([name, value]) => `${begin(name)}\r\n\r\n${value}\r\n`);
  const file = `${begin('file')}; filename="payload"\r\nContent-Type: ${BINARY_TYPE}\r\n\r\n`;
  return new Blob([...texts, file, blob, `\r\n--${boundary}--\r\n`], {
    type: `multipart/form-data; boundary=${boundary}`,
  });
}
