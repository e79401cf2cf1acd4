import { PermanentError, type ProcessorRequest, processor } from 'coatcheck';
import { CsvInvalid } from './csv-invalid.ts';
import { type Profile, profileCsv } from './profile.ts';

/** Profiles the submitted CSV file. An invalid file fails without a retry. */
export async function profileRequest(request: ProcessorRequest): Promise<Profile> {
  try {
    return await profileCsv(request.stream({ decode: true }), {
      signal: request.signal,
      onRead: progressOf(request),
    });
  } catch (error) {
    if (!(error instanceof CsvInvalid)) throw error;
    const { message, line, problem } = error;
    throw new PermanentError(message, { code: 'csv_invalid', details: { line, problem }, cause: error });
  }
}

export const handler = processor(profileRequest);

/** Reports each tenth of the file if its size is known, which it isn't for a file with a Content-Encoding. */
function progressOf(request: ProcessorRequest): (bytes: number) => void {
  let reported = 0;
  return (bytes) => {
    const tenths =
      request.size && !request.contentEncoding ? Math.min(10, Math.floor((10 * bytes) / request.size)) : 0;
    if (tenths > reported) request.progress(tenths / 10);
    reported = tenths;
  };
}
