import { PermanentError } from 'coatcheck';

/** Deployed by mistake: nobody made a processor of it. */
export const handler = async () => {
  throw new PermanentError('no');
};
