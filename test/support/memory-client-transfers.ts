import { createHash } from 'node:crypto';
import { formatClaimCheck } from '../../lib/core/model/claim-check.ts';
import type { StoredResult } from '../../lib/core/model/stored-result.ts';
import type {
  ClientTransfers,
  ExpectedPart,
  ExpectedUpload,
  UploadedPart,
  UploadForm,
  UploadTerms,
} from '../../lib/core/ports/client-transfers.ts';
import { UploadIncomplete, UploadUnknown } from '../../lib/core/ports/client-transfers.ts';
import { Faults } from '../../lib/stores/memory/faults.ts';

/** An upload in parts that was begun and isn't over. */
interface PartsUpload {
  readonly upload: ExpectedUpload;
  readonly parts: Map<number, { readonly etag: string; readonly size: number }>;
}

/** Forms and URLs of no store: it notes what they were asked for, and nothing answers at them. */
export class MemoryClientTransfers implements ClientTransfers {
  readonly faults = new Faults<keyof ClientTransfers>();
  /** Every form there is. */
  readonly forms: { readonly upload: ExpectedUpload; readonly terms: UploadTerms }[] = [];
  /** Uploads in parts that were completed, in order. */
  readonly completed: { readonly upload: ExpectedUpload; readonly parts: readonly UploadedPart[] }[] = [];
  readonly #begun = new Map<string, PartsUpload>();
  #uploads = 0;

  /** Names of the uploads in parts that aren't over. */
  get unfinished(): string[] {
    return [...this.#begun.keys()];
  }

  /** Uploads in parts that aren't over. */
  get begun(): ExpectedUpload[] {
    return [...this.#begun.values()].map(({ upload }) => upload);
  }

  /** Uploads a part as a client does. @param size what its size counts as @returns its ETag */
  putPart(uploadName: string, number: number, content: string, size = Buffer.byteLength(content)): string {
    const etag = `"${createHash('md5').update(content).digest('hex')}"`;
    this.#begun.get(uploadName)?.parts.set(number, { etag, size });
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
      this.#begun.set(name, { upload, parts: new Map() });
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
      this.#begun.delete(uploadName);
      this.completed.push({ upload, parts });
    });
  }

  abortParts(key: string, uploadName: string): Promise<void> {
    return this.faults.around('abortParts', () => {
      if (this.#begun.get(uploadName)?.upload.key === key) this.#begun.delete(uploadName);
    });
  }

  downloadUrl({ check }: StoredResult, expiresInSeconds: number): Promise<string> {
    const path = formatClaimCheck(check).replace('s3:/', 'https://store.example');
    return this.faults.around('downloadUrl', () => `${path}#expires=${expiresInSeconds}`);
  }

  #find(key: string, uploadName: string): PartsUpload {
    const begun = this.#begun.get(uploadName);
    if (begun?.upload.key !== key) throw new UploadUnknown();
    return begun;
  }
}

/** An ETag is as good without its quotes. */
function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '');
}
