/** The value that the secret of the service under test is created with. */
export const FIRST_KEY = 'the-first-key';
