import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { type Context, Hono } from 'hono';
import { INERT } from '../api/inert.ts';
import { CoatcheckError, PayloadMissing } from '../core/base/errors.ts';
import { BINARY_TYPE } from '../core/base/media-type.ts';
import { UploadMismatch } from '../stores/directory/checked-body.ts';
import {
  type DirectoryClientTransfers,
  TICKET_FIELD,
  TRANSFER_PATHS,
} from '../stores/directory/client-transfers.ts';
import { TicketRefused } from '../stores/directory/tickets.ts';

/** Fields of a form before its file. */
const MAX_FIELDS = 20;

/** A ticket holds the metadata of an upload. */
const MAX_FIELD_BYTES = 65_536;

/** Takes uploads and gives out results and payloads, by tickets. */
export function transferRoutes(transfers: DirectoryClientTransfers): Hono {
  const app = new Hono();
  app.post(TRANSFER_PATHS.form, async (c) => {
    await receiveForm(c, transfers);
    return c.body(null, 204);
  });
  app.put(TRANSFER_PATHS.part, async (c) => {
    const etag = await transfers.receivePart(c.req.query(TICKET_FIELD) ?? '', bodyOf(c));
    return c.body(null, 200, { ETag: etag });
  });
  app.get(TRANSFER_PATHS.download, async (c) => {
    const {
      body,
      size,
      contentType = BINARY_TYPE,
      contentEncoding,
    } = await transfers.openDownload(c.req.query(TICKET_FIELD) ?? '');
    const length = size === undefined ? {} : { 'Content-Length': String(size) };
    const encoding = contentEncoding === undefined ? {} : { 'Content-Encoding': contentEncoding };
    return new Response(ReadableStream.from(body), {
      headers: {
        ...INERT,
        'Content-Disposition': 'attachment',
        ...length,
        ...encoding,
        'Content-Type': contentType,
      },
    });
  });
  app.onError((error, c) => {
    if (!(error instanceof CoatcheckError)) throw error;
    return c.json({ code: error.code, detail: error.message }, statusOf(error));
  });
  return app;
}

/** Passes on the file of a form as it arrives. */
async function receiveForm(c: Context, transfers: DirectoryClientTransfers): Promise<void> {
  const form = formParser(c.req.header('content-type') ?? '');
  let ticket = '';
  let receiving: Promise<void> | undefined;
  form.on('field', (name: string, value: string) => {
    if (name === TICKET_FIELD) ticket = value;
  });
  form.on('file', (_: string, file: BusboyFileStream) => {
    receiving = transfers.receiveForm(ticket, file.iterator({ destroyOnReturn: false }));
    // What is left of a file that is refused must be read, or the form never ends.
    receiving.catch(() => file.resume());
  });
  await pipeline(bodyOf(c), form);
  if (!receiving) throw new UploadMismatch('The form must have a file, after its ticket');
  await receiving;
}

function formParser(contentType: string): InstanceType<typeof Busboy> {
  const limits = { fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, files: 1 };
  try {
    return new Busboy({ headers: { 'content-type': contentType }, limits });
  } catch (cause) {
    throw new UploadMismatch(`The upload must be a form, multipart/form-data, got ${contentType}`, { cause });
  }
}

function bodyOf(c: Context): Readable {
  const { body } = c.req.raw;
  return body ? Readable.fromWeb(body) : Readable.from([]);
}

function statusOf(error: CoatcheckError): 400 | 403 | 404 | 503 {
  if (error instanceof TicketRefused) return 403;
  if (error instanceof UploadMismatch) return 400;
  return error instanceof PayloadMissing ? 404 : 503;
}
