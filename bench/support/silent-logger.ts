import type { Logger } from '../../lib/core/ports/telemetry.ts';

/** Says nothing, for where logging isn't what is measured. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
