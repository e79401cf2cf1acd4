import { quote } from './quote.ts';

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

/** Whether content is of a type, whatever its parameters. @param type in lower case, without parameters */
export function isOfType(contentType: string, type: string): boolean {
  return essence(contentType) === type;
}

/** Most characters of a content type: it is part of every outcome, which must fit in a message. */
export const CONTENT_TYPE_MAX_LENGTH = 255;

/**
 * A media type with its parameters, as clients of the API must write it.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1
 */
export const MEDIA_TYPE = mediaTypePattern();

/** The problem with a content type; undefined if it is valid as a header and a message attribute. */
export function contentTypeProblem(contentType: string): string | undefined {
  if (/^[\x21-\x7e][\x20-\x7e]{0,254}$/.test(contentType)) return undefined;
  return `a content type must have 1 to ${CONTENT_TYPE_MAX_LENGTH} printable ASCII characters, got ${quote(contentType)}`;
}

/** The type without its parameters, in lower case. */
function essence(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain; charset=utf-8';
export const BINARY_TYPE = 'application/octet-stream';
export const PROBLEM_TYPE = 'application/problem+json';

function mediaTypePattern(): RegExp {
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  const quoted = '"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*"';
  const parameter = `${token}=(?:${token}|${quoted})`;
  return new RegExp(`^${token}/${token}(?:[ \\t]*;(?:[ \\t]*${parameter})?)*$`);
}
