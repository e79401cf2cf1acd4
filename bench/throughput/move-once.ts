/** Moves a payload one way in its own process, and reports speed and memory to its parent. */
import { type Move, PAYLOAD_BYTES } from './move.ts';
import { WAYS, type WayName } from './ways.ts';

const MEBIBYTE = 1024 ** 2;
const WARM_UPS = 8;

/** Interval of garbage collections, short enough to leave little garbage. */
const COLLECTIONS_MILLISECONDS = 10;

const [name = ''] = process.argv.slice(2);
const way = WAYS[name as WayName];

for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) await way(MEBIBYTE);
const { gc } = globalThis;
if (gc) setInterval(() => gc(), COLLECTIONS_MILLISECONDS).unref();

const baseline = process.memoryUsage.rss();
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
await way(PAYLOAD_BYTES);
const seconds = (performance.now() - startedAt) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
const peak = process.resourceUsage().maxRSS * 1_024;

const move: Move = {
  mebibytesPerSecond: PAYLOAD_BYTES / MEBIBYTE / seconds,
  cpuSeconds: (user + system) / 1_000_000,
  peakAboveBaselineMebibytes: (peak - baseline) / MEBIBYTE,
};
process.send?.(move);
process.disconnect();
