/** `application/json`, or any type with the `+json` suffix. */
export function isJsonType(contentType: string): boolean {
  const type = essence(contentType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

/** Types whose bytes are text for people or programs that read text. */
export function isTextType(contentType: string): boolean {
  const type = essence(contentType);
  return type.startsWith('text/') || type.endsWith('+xml') || type === 'application/xml';
}

/** A content type as a header and a message attribute can carry it. */
export const CONTENT_TYPE = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;

/** What is wrong with a content type, or undefined when it can be a header's and a message attribute's value. */
export function contentTypeProblem(contentType: string): string | undefined {
  if (CONTENT_TYPE.test(contentType)) return undefined;
  return `a content type has 1 to 255 printable ASCII characters, got ${JSON.stringify(contentType.slice(0, 100))}`;
}

/** The type without its parameters, in lower case. */
function essence(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain; charset=utf-8';
export const BINARY_TYPE = 'application/octet-stream';
export const PROBLEM_TYPE = 'application/problem+json';
