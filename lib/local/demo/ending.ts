import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isJsonType } from '../../core/base/media-type.ts';
import { parseClaimCheck } from '../../core/model/claim-check.ts';
import type { OutcomeEvent } from './outcome-inbox.ts';

/** How a request of the demo ended. */
export type DemoEnding =
  | { readonly status: 'succeeded'; readonly result: unknown }
  | { readonly status: 'failed'; readonly code: string; readonly line: number | undefined };

/** Reads an outcome. Fetches a JSON result that isn't in the message. */
export async function endingOf(event: OutcomeEvent, s3: S3Client): Promise<DemoEnding> {
  const { type, data, dataref, datacontenttype = '' } = event;
  if (type === 'coatcheck.request.succeeded') {
    const isFetched = dataref !== undefined && isJsonType(datacontenttype);
    return { status: 'succeeded', result: isFetched ? await fetchJson(dataref, s3) : data };
  }
  const { code, details } = Object(data);
  const { line } = Object(details);
  return { status: 'failed', code: String(code), line: typeof line === 'number' ? line : undefined };
}

async function fetchJson(reference: string, s3: S3Client): Promise<unknown> {
  const { bucket, key, versionId } = parseClaimCheck(reference);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  return JSON.parse((await Body?.transformToString()) ?? '');
}

/** The number of rows in a profile; undefined for another result. */
export function rowsOf(result: unknown): number | undefined {
  const { rows } = Object(result);
  return typeof rows === 'number' ? rows : undefined;
}
