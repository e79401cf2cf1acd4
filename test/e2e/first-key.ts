/** The value that the secret of the service under test is created with. */
export const FIRST_KEY = 'the-first-key';

/** The private key of receipts of the service under test. */
export const RECEIPT_KEY = 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=';
