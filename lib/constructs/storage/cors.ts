import { Duration } from 'aws-cdk-lib';
import { CorsHttpMethod, type CorsPreflightOptions } from 'aws-cdk-lib/aws-apigatewayv2';
import { type CorsRule, HttpMethods } from 'aws-cdk-lib/aws-s3';

/** How long browsers may remember what web pages may do. */
const MAX_AGE = Duration.hours(1);

/** What browsers let the web pages of these origins do with the HTTP API. */
export function apiCors(origins: readonly string[]): CorsPreflightOptions | undefined {
  if (origins.length === 0) return undefined;
  return {
    allowOrigins: [...origins],
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
    // Names of metadata are the client's to choose. To browsers the star means every header but this one.
    allowHeaders: ['*', 'Authorization'],
    exposeHeaders: ['Location', 'Retry-After', 'ETag', 'Link', 'Coatcheck-Load', 'Preference-Applied'],
    maxAge: MAX_AGE,
  };
}

/** What browsers let web pages do with the payload bucket, given links that were signed for them. */
export function bucketCors(origins: readonly string[]): CorsRule[] | undefined {
  if (origins.length === 0) return undefined;
  const rule = { allowedHeaders: ['*'], maxAge: MAX_AGE.toSeconds() };
  return [
    {
      ...rule,
      id: 'Uploads',
      allowedMethods: [HttpMethods.POST, HttpMethods.PUT],
      allowedOrigins: [...origins],
      // Who completes an upload in parts names their tags.
      exposedHeaders: ['ETag'],
    },
    {
      ...rule,
      id: 'Downloads',
      allowedMethods: [HttpMethods.GET],
      // The API redirects to a result, and after a redirect from another origin browsers don't tell the page's.
      allowedOrigins: ['*'],
    },
  ];
}
