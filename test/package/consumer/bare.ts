import { PermanentError } from 'coatcheck';

/** A mistake: the handler is not wrapped in processor(). */
export const handler = async () => {
  throw new PermanentError('no');
};
