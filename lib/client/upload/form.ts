import type { Api } from '../api.ts';
import { transfer } from '../transfer.ts';
import type { FormUpload } from './ticket.ts';

/** Uploads a payload in one call. Uploading it again after a lost answer is the same request. */
export async function uploadForm(
  api: Api,
  { url, fields }: FormUpload,
  blob: Blob,
  signal?: AbortSignal,
): Promise<void> {
  const send = async () => {
    const answer = await transfer(api.fetch, {
      method: 'POST',
      url,
      body: formOf(fields, blob),
      size: blob.size,
      signal,
    });
    await answer.body?.cancel();
  };
  await api.retrier.run(send, signal);
}

/** The file comes last, because the store ignores fields after it. */
function formOf(fields: FormUpload['fields'], blob: Blob): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', blob);
  return form;
}
