import { processor } from 'coatcheck';

/** Notes in which order the requests of each key come. */
export const handler = processor(async (request) => {
  const { key, number } = (await request.json()) as { readonly key: string; readonly number: number };
  await request.complete(null, {
    sqlite: (tx) =>
      tx.run('INSERT INTO app_notes (request, key, number) VALUES (?, ?, ?)', request.id, key, number),
  });
});
