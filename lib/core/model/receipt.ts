import { jsonValue } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';

export { RECEIPT_HEADER } from '../config/receipts.ts';

/** What all receipts have. */
interface Issued {
  /** The name of the service. */
  readonly iss: string;
  /** The ticket: the id of the request or of the batch. */
  readonly sub: string;
  /** When it was accepted, in seconds since 1970. */
  readonly iat: number;
}

/** Says: a service has accepted a payload as a request. */
export interface RequestReceipt extends Issued {
  /** The SHA-256 of the payload, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Says: a service has given a ticket, for which its store takes only this payload. It doesn't say that the payload arrived. */
export interface UploadReceipt extends Issued {
  /** `sha256` is that of the payload, 64 hexadecimal digits. */
  readonly awaitedUpload: { readonly sha256: string };
}

/** Says: all lines of a body are items of a batch. */
export interface ItemsReceipt extends Issued {
  /** `sha256` is that of the body, 64 hexadecimal digits, and `lines` how many it has, without empty ones. */
  readonly batchItems: { readonly sha256: string; readonly lines: number };
}

/**
 * What a receipt says. Each kind has its digest elsewhere, so that a program that expects one kind doesn't take another for it: a
 * request has `sha256`, an upload `awaitedUpload`, and items of a batch `batchItems`.
 */
export type Receipt = RequestReceipt | UploadReceipt | ItemsReceipt;

/** A public key of receipts: an Ed25519 key as RFC 8037 writes it. */
export interface ReceiptKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  /** Its thumbprint, by RFC 7638. */
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

/** A set of public keys, by RFC 7517. */
export interface ReceiptKeys {
  readonly keys: readonly ReceiptKey[];
}

/** Signs receipts. */
export interface ReceiptSigner extends ReceiptKeys {
  /** Signs with the first of its keys. The others are those of receipts that were signed before. @returns a JWS in its compact form */
  sign(receipt: Receipt): Promise<string>;
}

/** The media type of a receipt, in its header: no other JWT of the same key is one. */
const TYPE = 'coatcheck-receipt+jwt';

/** What precedes the private key in PKCS #8. @see https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const PKCS8_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/**
 * Makes a signer.
 * @param current the private key to sign with, 32 bytes
 * @param previous private keys that signed before
 */
export async function receiptSigner(
  current: Uint8Array,
  ...previous: readonly Uint8Array[]
): Promise<ReceiptSigner> {
  const { signing, key } = await keyPairOf(current);
  const others = await Promise.all(previous.map(keyPairOf));
  const header = base64url(utf8(JSON.stringify({ alg: 'EdDSA', typ: TYPE, kid: key.kid })));
  return {
    keys: [key, ...others.map((other) => other.key)],
    sign: async (receipt) => {
      const signed = `${header}.${base64url(utf8(JSON.stringify(receipt)))}`;
      const signature = await crypto.subtle.sign('Ed25519', signing, utf8(signed));
      return `${signed}.${base64url(new Uint8Array(signature))}`;
    },
  };
}

async function keyPairOf(privateKey: Uint8Array) {
  const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...privateKey]);
  const signing = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { x = '' } = await crypto.subtle.exportKey('jwk', signing);
  const kid = await thumbprintOf(x);
  const key: ReceiptKey = { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' };
  return { signing, key };
}

/** A receipt, or why it isn't valid. */
export type ReceiptVerification =
  | { readonly valid: true; readonly receipt: Receipt }
  | { readonly valid: false; readonly problem: string };

/**
 * Verifies a receipt.
 * @param jws in its compact form
 * @param keys those of the service
 * @param about what it should be about: the payload or, for items of a batch, the body; or the SHA-256 of that, in hexadecimal. @default -
 *   it isn't compared
 */
export async function verifyReceipt(
  jws: string,
  { keys }: ReceiptKeys,
  about?: Uint8Array<ArrayBuffer> | { readonly sha256: string },
): Promise<ReceiptVerification> {
  const [header, claims, signature, ...more] = jws.trim().split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    return invalid('a receipt has three parts, separated by dots');
  }
  const { alg, typ, kid } = objectIn(header);
  if (alg !== 'EdDSA' || typ !== TYPE) return invalid(`its header must have alg EdDSA and typ ${TYPE}`);
  const key = keys.find((each) => each.kid === kid);
  if (!key) return invalid(`no key of the service has the kid ${quote(kid)}`);
  if (!(await isSigned(key, `${header}.${claims}`, signature))) return invalid('its signature is wrong');
  const receipt = objectIn(claims);
  if (!isReceipt(receipt)) return invalid('it has not the members of a receipt');
  if (about === undefined) return { valid: true, receipt };
  // A receipt has lower-case digits, and programs write both.
  const expected = 'sha256' in about ? about.sha256.toLowerCase() : await sha256Of(about);
  const sha256 = digestIn(receipt);
  if (sha256 === expected) return { valid: true, receipt };
  return invalid(`it is about other bytes: their SHA-256 is ${sha256}, not ${expected}`);
}

/** The SHA-256 of what a receipt is about. */
export function digestIn(receipt: Receipt): string {
  if ('awaitedUpload' in receipt) return receipt.awaitedUpload.sha256;
  return 'batchItems' in receipt ? receipt.batchItems.sha256 : receipt.sha256;
}

/** The SHA-256 of bytes, as a receipt has it. */
export async function sha256Of(payload: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', payload));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function invalid(problem: string): ReceiptVerification {
  return { valid: false, problem };
}

async function isSigned({ kty, crv, x }: ReceiptKey, signed: string, signature: string): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, bytesIn(signature), utf8(signed));
  } catch {
    return false;
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc8037#section-2 */
async function thumbprintOf(x: string): Promise<string> {
  const members = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x });
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(members))));
}

function isReceipt(value: object): value is Receipt {
  const { iss, sub, iat, sha256, awaitedUpload, batchItems }: Readonly<Record<string, unknown>> = {
    ...value,
  };
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof iat !== 'number') return false;
  const kinds = [
    typeof sha256 === 'string',
    isObject(awaitedUpload) && typeof awaitedUpload.sha256 === 'string',
    isObject(batchItems) && typeof batchItems.sha256 === 'string' && typeof batchItems.lines === 'number',
  ];
  return kinds.filter(Boolean).length === 1;
}

/** The object in a part of a JWS; an empty one if there is none. */
function objectIn(part: string): Readonly<Record<string, unknown>> {
  const text = new TextDecoder().decode(bytesIn(part));
  const value: unknown = jsonValue(text);
  return isObject(value) ? value : {};
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** No bytes if it isn't base64url. */
function bytesIn(part: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(part)) return new Uint8Array();
  try {
    const text = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(text, (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
