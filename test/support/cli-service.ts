import { onTestFinished } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import type { Progress } from '../../lib/core/model/request-record.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { ApiHarness, type ApiHarnessOptions } from './api-harness.ts';
import { ServedApi } from './served-api.ts';

/** Acts on the start of its payload: `fail` fails, `byte` and `text` return the payload, anything else describes it. */
const obedient: Handler = async (request) => {
  const bytes = await request.bytes();
  const word = Buffer.from(bytes.subarray(0, 4)).toString();
  if (word === 'fail') throw new PermanentError('line 3 has\tno \u001b[31mend', { code: 'csv_invalid' });
  if (word === 'byte') return bytes;
  if (word === 'text') return new Response(Buffer.from(bytes), { headers: { 'content-type': 'text/plain' } });
  return { bytes: bytes.byteLength, contentType: request.contentType, metadata: request.metadata };
};

/** A service over HTTP for tests of the command line. It stops with the test. */
export async function cliService(
  handler: Handler = obedient,
  options: ApiHarnessOptions = {},
): Promise<ServedApi> {
  const served = await new ServedApi(new ApiHarness(handler, options)).start();
  onTestFinished(() => served[Symbol.asyncDispose]());
  return served;
}

/** Starts an attempt and reports its progress. */
export async function begin({ api }: ServedApi, id: string, progress: Progress): Promise<void> {
  const request = { id, source: '' };
  const leaseEndsAt = api.harness.clock.now() + 60_000;
  await api.records.change(request, { type: 'claim', request, leaseEndsAt, leaseId: 'lease-1' });
  await api.records.change(request, { type: 'progress', leaseId: 'lease-1', progress });
}
