import { expect, test } from 'vitest';
import { lineDiffOf } from '../../../lib/console/view/line-diff.ts';

const lines = (count: number, text = (index: number) => `line ${index}`) =>
  Array.from({ length: count }, (_, index) => text(index)).join('\n');

test('shows the lines around changes, with marks', () => {
  const before = lines(100);
  const diff = String(lineDiffOf(before, before.replace('line 50\n', 'line fifty\n')));
  expect(diff).toContain('<del><span aria-hidden="true">- </span>line 50</del>');
  expect(diff).toContain('<ins><span aria-hidden="true">+ </span>line fifty</ins>');
  expect(diff).toContain('47 lines as before');
  expect(diff).toContain('46 lines as before');
  expect(diff).not.toContain('line 46<');
});

test('says that there is no change', () => {
  expect(String(lineDiffOf('a\n', 'a\n'))).toContain('The payloads are the same.');
});

test('a line end at the end is a change', () => {
  const diff = String(lineDiffOf('a', 'a\n'));
  expect(diff).toContain('<del>');
  expect(diff).toContain('<ins>');
});

test('texts that have nothing in common take bounded time and room', () => {
  const started = performance.now();
  const diff = String(
    lineDiffOf(
      lines(30_000, (index) => `${index}`),
      lines(30_000, (index) => `x${index}`),
    ),
  );
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(diff.length).toBeLessThan(200_000);
  expect(diff).toContain('59,000 lines more');
});

test('shows texts as texts, in one line each', () => {
  const diff = String(lineDiffOf('<b>', `<i>\u202e${'x'.repeat(10_000)}`));
  expect(diff).toContain('&lt;b&gt;');
  expect(diff).toContain('&lt;i&gt;\\u202exxx');
  expect(diff).toContain('more characters');
});
