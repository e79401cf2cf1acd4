/** The processor of the service that is killed. */
import { processor } from 'coatcheck';

/** Squares a number. */
export const handler = processor(async (request) => {
  const { number } = (await request.json()) as { readonly number: number };
  return { square: number ** 2 };
});
