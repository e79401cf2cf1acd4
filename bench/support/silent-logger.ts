import type { Logger } from '../../lib/core/ports/telemetry.ts';

/** A logger without output. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
