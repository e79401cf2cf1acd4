import { PayloadLimitExceeded } from '../base/errors.ts';
import { S3_MAX_PARTS, S3_MAX_PUT_BYTES } from '../config/aws-limits.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';
import { type RequestTerms, termsOf } from '../model/request-terms.ts';
import { ticketKey } from '../model/upload-key.ts';
import type { ClientTransfers, ExpectedUpload, UploadedPart, UploadForm } from '../ports/client-transfers.ts';
import { UploadIncomplete, UploadUnknown } from '../ports/client-transfers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Applied } from '../records/record-writer.ts';
import type { RequestRecords } from '../records/request-records.ts';
import { RequestNotFound, RequestRefused } from './errors.ts';

/** A request whose payload the client uploads. */
export interface UploadRequest extends RequestTerms {
  readonly tenant?: string;
  /** The payload's size in bytes. */
  readonly size: number;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** SHA-256 of the payload in base64, which the store verifies. Not for an upload in parts. */
  readonly sha256?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether to upload in parts even if a form is enough. */
  readonly multipart: boolean;
}

/** How a client uploads: by a form, or in parts. */
export type UploadWay =
  | ({ readonly way: 'form'; readonly expiresAt: number } & UploadForm)
  | {
      readonly way: 'parts';
      readonly uploadName: string;
      /** Size in bytes of every part but the last. */
      readonly partSize: number;
      readonly partCount: number;
      readonly expiresAt: number;
    };

/** A request that waits for its payload. */
export interface OpenedUpload {
  readonly record: RequestRecord;
  readonly upload: UploadWay;
}

/** A URL to PUT a part to. */
export interface PartUrl {
  readonly number: number;
  readonly url: string;
}

/** The settings of {@link Uploads}. */
export interface UploadSettings {
  readonly uploadPrefix: string;
  readonly maxPayloadBytes: number;
}

/** The ports of {@link Uploads}. */
export interface UploadPorts {
  readonly records: RequestRecords;
  readonly transfers: ClientTransfers;
  readonly clock: Clock;
  /** Makes an unguessable request id that sorts by its time, in milliseconds since 1970. */
  readonly newId: (at: number) => string;
}

/** How long the form and the part URLs of an upload are valid: an hour. Part URLs can be renewed. */
export const UPLOAD_LIFETIME_SECONDS = 3_600;

/** Least size of a part: 64 MiB, so that 625 GiB stay within S3's limit of 10,000 parts. */
const PART_MIN_BYTES = 64 * 1024 * 1024;

/** Uploads by clients: a ticket first, then the payload. */
export class Uploads {
  readonly #ports: UploadPorts;
  readonly #settings: UploadSettings;

  constructor(ports: UploadPorts, settings: UploadSettings) {
    this.#ports = ports;
    this.#settings = settings;
  }

  /**
   * Creates a request that waits for its payload, and returns how to upload it.
   * @throws PayloadLimitExceeded, RequestRefused
   */
  async open(input: UploadRequest): Promise<OpenedUpload> {
    const { maxPayloadBytes } = this.#settings;
    if (input.size > maxPayloadBytes)
      throw new PayloadLimitExceeded('The payload', input.size, maxPayloadBytes);
    const { clock, records, newId } = this.#ports;
    const now = clock.now();
    const request = {
      id: newId(now),
      source: '',
      tenant: input.tenant,
      metadata: input.metadata,
      ...termsOf(input),
      uploadBytes: input.size,
    };
    // The record is written first: the payload can arrive as soon as the client knows where to upload it.
    const record = await records.submit(request, now, false);
    const upload = goesInParts(input)
      ? await this.#parts(input, request, now)
      : await this.#form(input, request, now);
    return { record, upload };
  }

  /**
   * Signs URLs to PUT parts to. They are valid for an hour.
   * @throws RequestNotFound, RequestRefused if the request no longer waits for its payload, or has no such part
   */
  async partUrls(
    request: RequestIdentity,
    uploadName: string,
    numbers: readonly number[],
  ): Promise<readonly PartUrl[]> {
    const record = await this.#known(request);
    assertAwaiting(record);
    const layout = layoutOf(record.request.uploadBytes ?? 0);
    const parts = numbers.map((number) => ({ number, size: sizeOfPart(number, layout) }));
    const { transfers } = this.#ports;
    const urls = await transfers.partUrls(this.#key(request), uploadName, parts, UPLOAD_LIFETIME_SECONDS);
    return numbers.map((number, index) => ({ number, url: urls[index] ?? '' }));
  }

  /**
   * Completes an upload in parts, which queues the request.
   * @throws RequestNotFound, UploadIncomplete, UploadUnknown
   */
  async complete(
    request: RequestIdentity,
    uploadName: string,
    parts: readonly UploadedPart[],
  ): Promise<RequestRecord> {
    const record = await this.#known(request);
    // The call is repeated because its response was lost.
    if (record.status !== 'awaiting_upload') return record;
    const size = record.request.uploadBytes ?? 0;
    assertAllParts(parts, layoutOf(size));
    try {
      await this.#ports.transfers.completeParts(this.#key(request), uploadName, parts, size);
    } catch (error) {
      // Completing many parts can take longer than the API's timeout: then an earlier call has completed it.
      return this.#unlessAwaiting(request, error);
    }
    const { stored } = await this.#ports.records.change(request, { type: 'uploaded' });
    return stored.record;
  }

  /**
   * Drops the parts and cancels the request.
   * @returns the change of its record
   * @throws RequestNotFound, RequestRefused if it already has its payload
   */
  async abort(request: RequestIdentity, uploadName: string): Promise<Applied> {
    const record = await this.#known(request);
    // A call that is repeated because its response was lost changes nothing.
    if (record.status !== 'cancelled') {
      assertAwaiting(record);
      await this.#ports.transfers.abortParts(this.#key(request), uploadName);
    }
    return this.#ports.records.change(request, { type: 'cancel' });
  }

  async #form(input: UploadRequest, request: RequestIdentity, now: number): Promise<UploadWay> {
    const form = await this.#ports.transfers.form(this.#expected(input, request), {
      size: input.size,
      sha256: input.sha256,
      expiresInSeconds: UPLOAD_LIFETIME_SECONDS,
    });
    return { way: 'form', expiresAt: now + UPLOAD_LIFETIME_SECONDS * 1000, ...form };
  }

  async #parts(input: UploadRequest, request: RequestIdentity, now: number): Promise<UploadWay> {
    const { partSize, partCount } = layoutOf(input.size);
    return {
      way: 'parts',
      uploadName: await this.#ports.transfers.beginParts(this.#expected(input, request)),
      partSize,
      partCount,
      expiresAt: now + UPLOAD_LIFETIME_SECONDS * 1000,
    };
  }

  #expected(input: UploadRequest, request: RequestIdentity): ExpectedUpload {
    const { contentType, contentEncoding, contentLanguage, metadata } = input;
    return { key: this.#key(request), contentType, contentEncoding, contentLanguage, metadata };
  }

  #key(request: RequestIdentity): string {
    return ticketKey(this.#settings.uploadPrefix, request);
  }

  async #unlessAwaiting(request: RequestIdentity, error: unknown): Promise<RequestRecord> {
    const record = await this.#known(request);
    if (record.status === 'awaiting_upload' || !(error instanceof UploadUnknown)) throw error;
    return record;
  }

  async #known(request: RequestIdentity): Promise<RequestRecord> {
    const record = await this.#ports.records.find(request);
    if (!record) throw new RequestNotFound(request.id);
    return record;
  }
}

/** How a payload is split into parts. */
interface Layout {
  readonly size: number;
  readonly partSize: number;
  readonly partCount: number;
}

function layoutOf(size: number): Layout {
  const partSize = Math.max(PART_MIN_BYTES, Math.ceil(size / S3_MAX_PARTS));
  return { size, partSize, partCount: Math.max(1, Math.ceil(size / partSize)) };
}

/** @throws RequestRefused if there is no such part: storing more parts would cost the service money */
function sizeOfPart(number: number, { size, partSize, partCount }: Layout): number {
  if (number < partCount) return partSize;
  if (number === partCount) return size - (partCount - 1) * partSize;
  throw new RequestRefused(
    'part_unknown',
    `Parts of ${size} bytes have numbers up to ${partCount}, got ${number}`,
  );
}

/**
 * Checks that all parts are listed. Each part's URL accepts only the part's size, so all parts make up all bytes.
 * @throws UploadIncomplete
 */
function assertAllParts(parts: readonly UploadedPart[], { size, partCount }: Layout): void {
  const named = new Set(parts.map(({ number }) => number));
  const missing = Array.from({ length: partCount }, (_, index) => index + 1).filter(
    (number) => !named.has(number),
  );
  if (missing.length > 0) {
    throw new UploadIncomplete(
      `${size} bytes have parts 1 to ${partCount}, missing: ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ', …' : ''}`,
    );
  }
  const unknown = parts.find(({ number }) => number > partCount);
  if (unknown)
    throw new UploadIncomplete(`${size} bytes have parts 1 to ${partCount}, got ${unknown.number}`);
}

/** Whether a payload is uploaded in parts, by the client's choice or because it is too large for a form. */
export function goesInParts({ multipart, size }: Pick<UploadRequest, 'multipart' | 'size'>): boolean {
  return multipart || size > S3_MAX_PUT_BYTES;
}

function assertAwaiting({ status }: RequestRecord): void {
  if (status === 'awaiting_upload') return;
  throw new RequestRefused('upload_over', `The request must be awaiting_upload, it is ${status}`);
}
