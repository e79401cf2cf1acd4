import { createHash } from 'node:crypto';
import { formatClaimCheck } from '../../lib/core/model/claim-check.ts';
import type {
  ClientTransfers,
  DownloadableObject,
  ExpectedPart,
  ExpectedUpload,
  UploadedPart,
  UploadForm,
  UploadTerms,
} from '../../lib/core/ports/client-transfers.ts';
import { UploadIncomplete, UploadUnknown } from '../../lib/core/ports/client-transfers.ts';
import { Faults } from '../../lib/stores/memory/faults.ts';

/** An upload in parts that is open. */
interface PartsUpload {
  readonly upload: ExpectedUpload;
  readonly parts: Map<number, { readonly etag: string; readonly size: number }>;
}

/** Records the forms and URLs that are requested. They lead to no store. */
export class MemoryClientTransfers implements ClientTransfers {
  readonly faults = new Faults<keyof ClientTransfers>();
  /** All forms. */
  readonly forms: { readonly upload: ExpectedUpload; readonly terms: UploadTerms }[] = [];
  /** Uploads in parts that were completed, in order. */
  readonly completed: { readonly upload: ExpectedUpload; readonly parts: readonly UploadedPart[] }[] = [];
  readonly #open = new Map<string, PartsUpload>();
  #uploads = 0;

  /** Names of the open uploads in parts. */
  get unfinished(): string[] {
    return [...this.#open.keys()];
  }

  /** The open uploads in parts. */
  get open(): ExpectedUpload[] {
    return [...this.#open.values()].map(({ upload }) => upload);
  }

  /** Uploads a part like a client. @param size the size it claims @returns its ETag */
  putPart(uploadName: string, number: number, content: string, size = Buffer.byteLength(content)): string {
    const etag = `"${createHash('md5').update(content).digest('hex')}"`;
    this.#open.get(uploadName)?.parts.set(number, { etag, size });
    return etag;
  }

  form(upload: ExpectedUpload, terms: UploadTerms): Promise<UploadForm> {
    return this.faults.around('form', () => {
      this.forms.push({ upload, terms });
      const fields = { key: upload.key, 'Content-Type': upload.contentType, Policy: 'signed' };
      return { url: 'https://store.example/', fields };
    });
  }

  beginParts(upload: ExpectedUpload): Promise<string> {
    return this.faults.around('beginParts', () => {
      const name = `upload-${++this.#uploads}`;
      this.#open.set(name, { upload, parts: new Map() });
      return name;
    });
  }

  partUrls(
    key: string,
    uploadName: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]> {
    const path = `https://store.example/${key}?upload=${uploadName}`;
    return this.faults.around('partUrls', () =>
      parts.map(({ number, size }) => `${path}&part=${number}&size=${size}&expires=${expiresInSeconds}`),
    );
  }

  completeParts(
    key: string,
    uploadName: string,
    parts: readonly UploadedPart[],
    size: number,
  ): Promise<void> {
    return this.faults.around('completeParts', () => {
      const { upload, parts: uploaded } = this.#find(key, uploadName);
      const wrong = parts.find(({ number, etag }) => unquoted(uploaded.get(number)?.etag) !== unquoted(etag));
      if (wrong) throw new UploadIncomplete(`part ${wrong.number} isn't what was uploaded`);
      if (parts.length === 0) throw new UploadIncomplete('it has no parts');
      const bytes = parts.reduce((sum, { number }) => sum + (uploaded.get(number)?.size ?? 0), 0);
      if (bytes !== size) throw new UploadIncomplete(`its parts have ${bytes} bytes, not ${size}`);
      this.#open.delete(uploadName);
      this.completed.push({ upload, parts });
    });
  }

  abortParts(key: string, uploadName: string): Promise<void> {
    return this.faults.around('abortParts', () => {
      if (this.#open.get(uploadName)?.upload.key === key) this.#open.delete(uploadName);
    });
  }

  downloadUrl({ check }: DownloadableObject, expiresInSeconds: number): Promise<string> {
    const path = formatClaimCheck(check).replace('s3:/', 'https://store.example');
    return this.faults.around('downloadUrl', () => `${path}#expires=${expiresInSeconds}`);
  }

  #find(key: string, uploadName: string): PartsUpload {
    const upload = this.#open.get(uploadName);
    if (upload?.upload.key !== key) throw new UploadUnknown();
    return upload;
  }
}

/** An ETag is valid without its quotes, too. */
function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '');
}
