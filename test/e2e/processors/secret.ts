import { processor } from 'coatcheck';

/** Fails until its secret is the expected one, and then says which one that is. */
export const handler = processor({ secrets: ['API_KEY'] }, async (request) => {
  const { expected } = (await request.json()) as { readonly expected: string };
  const { API_KEY } = request.secrets;
  if (API_KEY !== expected) throw new Error(`The service refused ${API_KEY}`);
  return { accepted: true };
});
