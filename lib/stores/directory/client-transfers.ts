import { DAY_MILLISECONDS } from '../../core/base/time.ts';
import type { StoredResult } from '../../core/model/stored-result.ts';
import type {
  ClientTransfers,
  DownloadableObject,
  ExpectedPart,
  ExpectedUpload,
  UploadedPart,
  UploadForm,
  UploadTerms,
} from '../../core/ports/client-transfers.ts';
import type { OpenedPayload } from '../../core/ports/payload-store.ts';
import { checkedBody } from './checked-body.ts';
import { PartFiles } from './part-files.ts';
import type { DirectoryPayloadStore } from './payload-store.ts';
import { TicketRefused, Tickets } from './tickets.ts';

/** Where a server takes what {@link DirectoryClientTransfers} gives out, below its URL. */
export const TRANSFER_PATHS = {
  form: '/transfers/form',
  part: '/transfers/part',
  download: '/transfers/download',
} as const;

/** The form field with the ticket. */
export const TICKET_FIELD = 'ticket';

/** What {@link DirectoryClientTransfers} works with. */
export interface DirectoryTransferOptions {
  /** The folder for uploads in parts that aren't complete. */
  readonly uploadFolder: string;
  /** Signs tickets: at least 32 secret bytes, the same in all processes. */
  readonly key: Uint8Array;
  /** The URL of the server that takes transfers. */
  readonly baseUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when an upload is complete, before its client learns that. If it rejects, the client uploads again. */
  readonly onStored: (upload: ExpectedUpload, stored: StoredResult) => Promise<void>;
}

/** What the holder of a ticket may do. */
type Permission =
  | {
      readonly to: 'upload';
      readonly upload: ExpectedUpload;
      readonly size: number;
      readonly sha256?: string;
    }
  | { readonly to: 'upload part'; readonly name: string; readonly number: number; readonly size: number }
  | { readonly to: 'download'; readonly object: DownloadableObject };

/** A day: parts of an upload that isn't completed within it are deleted. */
const INCOMPLETE_UPLOAD_MILLISECONDS = DAY_MILLISECONDS;

/** Uploads to, and downloads from, a directory by URLs of a server of its own, with tickets that it signed. */
export class DirectoryClientTransfers implements ClientTransfers {
  readonly #store: DirectoryPayloadStore;
  readonly #options: DirectoryTransferOptions;
  readonly #parts: PartFiles;
  readonly #tickets: Tickets<Permission>;

  constructor(store: DirectoryPayloadStore, options: DirectoryTransferOptions) {
    this.#store = store;
    this.#options = options;
    this.#parts = new PartFiles(options.uploadFolder);
    this.#tickets = new Tickets(options.key, options.now);
  }

  async form(upload: ExpectedUpload, { size, sha256, expiresInSeconds }: UploadTerms): Promise<UploadForm> {
    const ticket = this.#tickets.sign({ to: 'upload', upload, size, sha256 }, expiresInSeconds);
    return { url: this.#url(TRANSFER_PATHS.form), fields: { [TICKET_FIELD]: ticket } };
  }

  async beginParts(upload: ExpectedUpload): Promise<string> {
    await this.#parts.deleteBefore(this.#options.now() - INCOMPLETE_UPLOAD_MILLISECONDS);
    return this.#parts.begin(upload);
  }

  async partUrls(
    key: string,
    name: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]> {
    await this.#parts.read(key, name);
    return parts.map(({ number, size }) => {
      const ticket = this.#tickets.sign({ to: 'upload part', name, number, size }, expiresInSeconds);
      return this.#url(TRANSFER_PATHS.part, ticket);
    });
  }

  async completeParts(
    key: string,
    name: string,
    parts: readonly UploadedPart[],
    size: number,
  ): Promise<void> {
    const upload = await this.#parts.read(key, name);
    await this.#keep(upload, await this.#parts.join(name, parts, size));
    await this.#parts.delete(name);
  }

  abortParts(_key: string, name: string): Promise<void> {
    return this.#parts.delete(name);
  }

  async downloadUrl(object: DownloadableObject, expiresInSeconds: number): Promise<string> {
    return this.#url(
      TRANSFER_PATHS.download,
      this.#tickets.sign({ to: 'download', object }, expiresInSeconds),
    );
  }

  /** Takes the file of a form. @throws TicketRefused, UploadMismatch */
  async receiveForm(ticket: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { upload, size, sha256 } = this.#permission(ticket, 'upload');
    await this.#keep(upload, checkedBody(body, size, sha256));
  }

  /** Takes a part. @returns its ETag. @throws TicketRefused, UploadMismatch */
  async receivePart(ticket: string, body: AsyncIterable<Uint8Array>): Promise<string> {
    const { name, number, size } = this.#permission(ticket, 'upload part');
    return this.#parts.write(name, number, checkedBody(body, size, undefined));
  }

  /** Opens what a ticket is for. @throws TicketRefused, PayloadMissing */
  async openDownload(ticket: string): Promise<OpenedPayload> {
    const { check, contentType, contentEncoding } = this.#permission(ticket, 'download').object;
    const opened = await this.#store.open(check, new AbortController().signal);
    return { ...opened, contentType, contentEncoding };
  }

  async #keep(upload: ExpectedUpload, body: AsyncIterable<Uint8Array>): Promise<void> {
    const stored = await this.#store.put(upload.key, body, upload, new AbortController().signal);
    await this.#options.onStored(upload, stored);
  }

  #permission<To extends Permission['to']>(ticket: string, to: To): Extract<Permission, { to: To }> {
    const permission = this.#tickets.read(ticket);
    if (isTo(permission, to)) return permission;
    throw new TicketRefused(`This ticket can be used to ${permission.to}, not to ${to}`);
  }

  #url(path: string, ticket?: string): string {
    const url = new URL(path, this.#options.baseUrl);
    if (ticket !== undefined) url.searchParams.set(TICKET_FIELD, ticket);
    return url.href;
  }
}

function isTo<To extends Permission['to']>(
  permission: Permission,
  to: To,
): permission is Extract<Permission, { to: To }> {
  return permission.to === to;
}
