import { expect, test } from 'vitest';
import { formatForecast } from '../../lib/cli/format-forecast.ts';
import type { RequestResource } from '../../lib/client/index.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const REQUEST: RequestResource = {
  id: 'r-1',
  status: 'queued',
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
  attempts: 0,
  links: { self: '', result: '', cancel: '' },
};
const range = (from: number, to: number) => ({
  from: new Date(NOW + from * 1_000).toISOString(),
  to: new Date(NOW + to * 1_000).toISOString(),
});

test.each<[string, Partial<RequestResource>]>([
  ['', {}],
  ['waiting to start', { why: 'waiting to start' }],
  ['behind 5 requests, starts in 3 min to 5 min', { why: 'behind 5 requests', startsAbout: range(180, 300) }],
  ['next to start, starts within 1 s', { why: 'next to start', startsAbout: range(0, 0.2) }],
  [
    'next to start, starts within 4 s',
    { why: 'next to start', startsAbout: range(0.2, 4), endsAbout: range(3, 9) },
  ],
  ['attempt 1 is running, ends in 2 s to 3 s', { why: 'attempt 1 is running', endsAbout: range(2.1, 2.9) }],
])('%s', (text, request) => {
  expect(formatForecast({ ...REQUEST, ...request }, NOW)).toBe(text);
});
