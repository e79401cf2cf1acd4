import type { GetObjectCommand } from '@aws-sdk/client-s3';

/** Checksums an upload may have and the SDK has no code for: it would refuse to open the object at all. */
const UNVERIFIABLE = ['sha512', 'xxhash64', 'xxhash3', 'xxhash128'].map((name) => `x-amz-checksum-${name}`);

/** Keeps the checksums it can't compare from the SDK; those it can are compared as ever. */
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

/** The SDK leaves open what a response is, since it may not come by HTTP. */
function headersOf(response: unknown): object {
  const isHttp = typeof response === 'object' && response !== null && 'headers' in response;
  return isHttp && typeof response.headers === 'object' && response.headers !== null ? response.headers : {};
}
