import type { GetObjectCommand } from '@aws-sdk/client-s3';

/** Checksum algorithms of S3 that the SDK can't compute. It would fail to open such an object. */
const UNVERIFIABLE = ['sha512', 'xxhash64', 'xxhash3', 'xxhash128'].map((name) => `x-amz-checksum-${name}`);

/** Hides unverifiable checksums from the SDK. It still verifies all others. */
export function ignoringUnverifiableChecksums(command: GetObjectCommand): GetObjectCommand {
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const headers = headersOf(result.response);
      for (const name of UNVERIFIABLE) Reflect.deleteProperty(headers, name);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return command;
}

/** The SDK types a response as unknown, since it doesn't have to come by HTTP. */
function headersOf(response: unknown): object {
  const isHttp = typeof response === 'object' && response !== null && 'headers' in response;
  return isHttp && typeof response.headers === 'object' && response.headers !== null ? response.headers : {};
}
