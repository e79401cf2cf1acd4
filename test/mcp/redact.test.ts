import { expect, test } from 'vitest';
import type { Batch } from '../../lib/client/index.ts';
import { redactBatch } from '../../lib/mcp/redact.ts';

const SECRET = 'Ms Doe';

const BATCH: Batch = {
  id: 'b',
  status: 'open',
  createdAt: '2026-01-31T12:00:00Z',
  counts: { total: 0, queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 },
  progress: 0,
  links: { self: '', items: '', seal: '', results: '', cancel: '' },
};

test('the problems of an import have no text of its lines', () => {
  const shown = redactBatch({
    ...BATCH,
    import: {
      state: 'running',
      manifest: 's3://bucket/key',
      bytes: 9,
      bytesDone: 9,
      lines: 1,
      refused: 1,
      problems: [{ line: 1, key: SECRET, code: 'line_malformed', detail: `got "${SECRET}"` }],
    },
  });
  expect(shown.import).toMatchObject({ refused: 1, problems: [{ line: 1, code: 'line_malformed' }] });
  expect(JSON.stringify(shown)).not.toContain(SECRET);
  expect(redactBatch(BATCH)).toEqual(BATCH);
});
