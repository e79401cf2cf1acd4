import { Duration } from 'aws-cdk-lib';
import { CorsHttpMethod, type CorsPreflightOptions } from 'aws-cdk-lib/aws-apigatewayv2';
import { type CorsRule, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { RECEIPT_HEADER } from '../../core/config/receipts.ts';

/** How long browsers may cache the answer to a preflight request. */
const MAX_AGE = Duration.hours(1);

/** A method of the HTTP API's routes. */
export type ApiMethod = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/**
 * CORS options that let web pages of these origins call the HTTP API.
 * @param methods those of its routes
 */
export function apiCors(
  origins: readonly string[],
  methods: readonly ApiMethod[],
): CorsPreflightOptions | undefined {
  if (origins.length === 0) return undefined;
  return {
    allowOrigins: [...origins],
    allowMethods: methods.map((method) => CorsHttpMethod[method]),
    // Clients choose the names of metadata headers. In browsers, * doesn't include Authorization.
    allowHeaders: ['*', 'Authorization'],
    exposeHeaders: [
      'Location',
      'Retry-After',
      'ETag',
      'Link',
      'Coatcheck-Load',
      RECEIPT_HEADER,
      'Preference-Applied',
    ],
    maxAge: MAX_AGE,
  };
}

/** CORS rules that let web pages of these origins use presigned URLs of the payload bucket. */
export function bucketCors(origins: readonly string[]): CorsRule[] | undefined {
  if (origins.length === 0) return undefined;
  const rule = { allowedHeaders: ['*'], maxAge: MAX_AGE.toSeconds() };
  return [
    {
      ...rule,
      id: 'Uploads',
      allowedMethods: [HttpMethods.POST, HttpMethods.PUT],
      allowedOrigins: [...origins],
      // Clients complete a multipart upload with the ETags of its parts.
      exposedHeaders: ['ETag'],
    },
    {
      ...rule,
      id: 'Downloads',
      allowedMethods: [HttpMethods.GET],
      // The API redirects to results. After a cross-origin redirect, browsers send the origin `null`.
      allowedOrigins: ['*'],
    },
  ];
}
