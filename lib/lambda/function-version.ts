import type { Variables } from '../core/config/variables.ts';

/** What Lambda calls a version that isn't published: it can change, so it doesn't identify any code. */
const UNPUBLISHED = '$LATEST';

/** The number of the function's published version; undefined if it isn't published, and outside of Lambda. */
export function publishedVersion({ AWS_LAMBDA_FUNCTION_VERSION: version }: Variables): string | undefined {
  return version === UNPUBLISHED ? undefined : version;
}

/**
 * Takes the number of the function's published version as the version of its handler, unless the deployment names one.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
 */
export function withFunctionVersion<Environment extends { readonly handlerVersion: string | undefined }>(
  environment: Environment,
  variables: Variables,
): Environment {
  return { ...environment, handlerVersion: environment.handlerVersion ?? publishedVersion(variables) };
}
