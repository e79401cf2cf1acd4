import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';

/** Moves 1 from the account `source` to the account of the request, and notes that. */
export const handler = processor(async (request) => {
  const { to, wait } = (await request.json()) as { readonly to: string; readonly wait: number };
  await sleep(wait, undefined, { signal: request.signal });
  await request.complete(
    { attempt: request.attempt },
    {
      sqlite: (tx) => {
        tx.run("UPDATE app_accounts SET balance = balance - 1 WHERE id = 'source'");
        tx.run('UPDATE app_accounts SET balance = balance + 1 WHERE id = ?', to);
        tx.run('INSERT INTO app_transfers VALUES (?, ?)', request.id, request.attempt);
      },
    },
  );
});
