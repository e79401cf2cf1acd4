import { describe, expect, test } from 'vitest';
import { topFrame } from '../../../lib/core/base/top-frame.ts';

/** A stack with these frames. */
function stackOf(...frames: readonly string[]): string {
  return ['Error: no', ...frames.map((frame) => `    at ${frame}`)].join('\n');
}

describe('the frame of an error', () => {
  test.each([
    ['chargeCard (/var/task/src/charge.ts:10:3)', 'chargeCard (charge.ts)'],
    ['async chargeCard (file:///app/charge.ts:10:3)', 'chargeCard (charge.ts)'],
    ['Orders.payAll [as run] (C:\\app\\orders.js:1:2)', 'payAll (orders.js)'],
    ['new Order (file:///app/order.ts:1:2)', 'Order (order.ts)'],
    ['async file:///app/my%20order.ts:1:2', 'my%20order.ts'],
    ['/app/order.ts:1:2', 'order.ts'],
    ['Object.<anonymous> (/app/order.ts:1:2)', 'order.ts'],
    ['Xe (/app/order.ts:1:2)', 'order.ts'],
    ['o.find (/app/order.ts:1:2)', 'find (order.ts)'],
  ])('of %s', (frame, expected) => {
    expect(topFrame(stackOf(frame), 'no')).toBe(expected);
  });

  test('is the first one that is neither Node’s nor a dependency’s', () => {
    const stack = stackOf(
      'node:internal/deps/undici/undici:14902:13',
      'process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
      'async node:internal/modules/run:1:2',
      'async Promise.all (index 0)',
      'Array.map (<anonymous>)',
      'request (/app/node_modules/client/index.js:1:2)',
      'request (C:\\app\\node_modules\\client\\index.js:1:2)',
      'async fetchOrder (/app/orders.ts:8:20)',
      'async main (/app/main.ts:8:20)',
    );
    expect(topFrame(stack, 'no')).toBe('fetchOrder (orders.ts)');
  });

  test('isn’t taken from the message', () => {
    const message = 'no\n    at evil (/app/evil.ts:1:2)';
    expect(topFrame(`Error: ${message}\n    at good (/app/good.ts:1:2)`, message)).toBe('good (good.ts)');
  });

  test('is undefined for a value without a stack, and a stack without such a frame', () => {
    expect(topFrame(undefined, 'no')).toBeUndefined();
    expect(topFrame('Error: no', 'no')).toBeUndefined();
    expect(topFrame(stackOf('node:internal/timers:1:2'), 'no')).toBeUndefined();
  });

  test('of an error of this file', () => {
    const fail = () => new Error('no');
    const { stack } = fail();
    expect(topFrame(stack, 'no')).toBe('fail (top-frame.test.ts)');
  });

  test('has at most 100 characters', () => {
    expect(topFrame(stackOf(`${'f'.repeat(200)} (/app/order.ts:1:2)`), 'no')).toHaveLength(100);
  });
});
