/** Times one way to read a message, by its length. */
import { serveTimings } from '../support/timing.ts';
import { WAYS, type WayName } from './ways.ts';

const [name = ''] = process.argv.slice(2);
const way = WAYS[name as WayName]();

serveTimings((size) => {
  const body = orders(size);
  return () => way(body);
});

/** JSON of about so many characters. */
function orders(size: number): string {
  const items: unknown[] = [];
  for (let length = 0; length < size; ) {
    const item = {
      id: crypto.randomUUID(),
      name: 'Jane Doe "the first"',
      quantity: items.length,
      price: 12.5 * items.length,
      tags: ['a', 'b'],
      address: { street: '12 Main Street', zip: '12345' },
    };
    items.push(item);
    length += JSON.stringify(item).length + 1;
  }
  // Flat, as a message arrives.
  return Buffer.from(JSON.stringify({ x: 6, y: 7, items })).toString();
}
