import type * as z from 'zod';
import type { BatchView } from '../core/model/batch-view.ts';
import { batchPath } from '../core/model/request-links.ts';
import { isResultKept } from '../core/model/stored-result.ts';
import type { Batch } from './batch-schemas.ts';
import type { ApiParts } from './context.ts';

/** A batch as the API describes it. */
export function batchResourceOf(
  batch: BatchView,
  parts: Pick<ApiParts, 'clock' | 'resultAgeDays'>,
): z.infer<typeof Batch> {
  const {
    tenant: _,
    manifest: __,
    import: imported,
    notBefore,
    expiresAt,
    createdAt,
    sealRequestedAt,
    sealsAt,
    sealedAt,
    endedAt,
    estimatedEndAt,
    ...view
  } = batch;
  return {
    ...view,
    ...(notBefore && { notBefore: notBefore.toISOString() }),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    createdAt: createdAt.toISOString(),
    ...(sealRequestedAt && { sealRequestedAt: sealRequestedAt.toISOString() }),
    ...(sealsAt && { sealsAt: sealsAt.toISOString() }),
    ...(sealedAt && { sealedAt: sealedAt.toISOString() }),
    ...(endedAt && { endedAt: endedAt.toISOString() }),
    ...(estimatedEndAt && { estimatedEndAt: estimatedEndAt.toISOString() }),
    ...(imported && { import: { ...imported, problems: [...imported.problems] } }),
    links: {
      self: batchPath(view.id),
      items: batchPath(view.id, '/items'),
      seal: batchPath(view.id, '/seal'),
      results: batchPath(view.id, '/results'),
      cancel: batchPath(view.id, '/cancel'),
      ...(hasManifest(batch, parts) && { manifest: batchPath(view.id, '/manifest') }),
    },
  };
}

/** Whether a batch has a manifest that is still kept. */
function hasManifest(
  { manifest, endedAt }: BatchView,
  { clock, resultAgeDays }: Pick<ApiParts, 'clock' | 'resultAgeDays'>,
): boolean {
  return (
    manifest !== undefined &&
    endedAt !== undefined &&
    isResultKept(endedAt.getTime(), resultAgeDays, clock.now())
  );
}
