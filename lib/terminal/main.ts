import { styleText } from 'node:util';
import { CoatcheckError } from '../core/base/errors.ts';

/** What a shell reports for a program ended by Ctrl-C: 128 plus the number of SIGINT. */
const INTERRUPTED_EXIT_CODE = 130;

/** The user or the system interrupts the program. */
class Interrupted extends Error {}

/**
 * Runs a program. An interruption aborts its signal and lets it clean up; a second one ends it at once. A
 * {@link CoatcheckError} is reported without a stack trace.
 * @param program returns the exit code
 */
export async function main(program: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => controller.abort(new Interrupted(name)));
  }
  try {
    process.exitCode = await program(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) {
      process.exitCode = INTERRUPTED_EXIT_CODE;
    } else {
      process.exitCode = 1;
      console.error(`\n${styleText('red', messageOf(error), { stream: process.stderr })}`);
    }
  }
  // A handler that ignores its signal would run on, with its files closed, beside the process that takes over.
  if (controller.signal.aborted) process.exit();
}

/** An unexpected error is reported with its stack trace. */
function messageOf(error: unknown): string {
  if (error instanceof CoatcheckError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
