import { DirectoryPayloadStore } from '../../../lib/stores/directory/payload-store.ts';

/** Stores results, several at a time, without an end, and prints the number of each that was confirmed. */
const [, , directory = ''] = process.argv;
const store = await DirectoryPayloadStore.open(directory);
const { signal } = new AbortController();

async function* content() {
  for (let chunk = 0; chunk < 10; chunk++) yield Buffer.alloc(100_000, 'x');
}

let next = 0;
async function writeOn(): Promise<void> {
  while (true) {
    const nth = next++;
    await store.save(`results/${nth}`, content(), 'text/plain', signal);
    process.stdout.write(`${nth}\n`);
  }
}

await Promise.all([writeOn(), writeOn(), writeOn()]);
