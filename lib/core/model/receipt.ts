import { jsonValue } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';

export { RECEIPT_HEADER } from '../config/receipts.ts';

/** What a receipt says: a service has accepted a payload as a request. */
export interface Receipt {
  /** The name of the service. */
  readonly iss: string;
  /** The id of the request. */
  readonly sub: string;
  /** When the request was accepted, in seconds since 1970. */
  readonly iat: number;
  /** The SHA-256 of the payload, 64 hexadecimal digits. */
  readonly sha256: string;
}

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
 * @param payload the payload that it should be about. @default - it isn't compared
 */
export async function verifyReceipt(
  jws: string,
  { keys }: ReceiptKeys,
  payload?: Uint8Array<ArrayBuffer>,
): Promise<ReceiptVerification> {
  const [header, claims, signature, ...more] = jws.trim().split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0) {
    return invalid('a receipt has three parts, separated by dots');
  }
  const { alg, typ, kid } = objectIn(header);
  if (alg !== 'EdDSA' || typ !== TYPE) return invalid(`its header must have alg EdDSA and typ ${TYPE}`);
  const key = keys.find((each) => each.kid === kid);
  if (!key) return invalid(`the service has no key ${JSON.stringify(kid)}`);
  if (!(await isSigned(key, `${header}.${claims}`, signature))) return invalid('its signature is wrong');
  const receipt = objectIn(claims);
  if (!isReceipt(receipt)) return invalid('it has not the members of a receipt');
  if (payload && (await sha256Of(payload)) !== receipt.sha256) return invalid('it is about another payload');
  return { valid: true, receipt };
}

/** The SHA-256 of a payload, as a receipt has it. */
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
  const { iss, sub, iat, sha256 } = value as Partial<Receipt>;
  return [iss, sub, sha256].every((text) => typeof text === 'string') && typeof iat === 'number';
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
