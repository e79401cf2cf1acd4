/** 32 bytes in base64, such as a SHA-256. Each text is that of other bytes. */
export const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
