import { BINARY_TYPE, isJsonType, isOfType, isTextType } from '../core/base/media-type.ts';

/** Common types; `--content-type` sets any other. If a type has two extensions, result files get the first. */
const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  jsonl: 'application/x-ndjson',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  pdf: 'application/pdf',
  parquet: 'application/vnd.apache.parquet',
  gz: 'application/gzip',
  zip: 'application/zip',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
};

/** The content type that a file's extension stands for. @returns undefined for an unknown extension */
export function typeOfFile(name: string): string | undefined {
  const extension = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase();
  return extension !== undefined && Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
}

/** The file extension for a content type, without the dot. */
export function extensionOf(contentType: string): string {
  const known = Object.entries(TYPES).find(([, type]) => isOfType(contentType || BINARY_TYPE, type));
  if (known) return known[0];
  if (isJsonType(contentType)) return 'json';
  return contentType.startsWith('text/') ? 'txt' : 'bin';
}

/** Whether content of this type can be printed on a terminal. */
export function isReadable(contentType: string): boolean {
  const lines = ['application/x-ndjson', 'application/yaml'];
  return (
    isTextType(contentType) || isJsonType(contentType) || lines.some((type) => isOfType(contentType, type))
  );
}
