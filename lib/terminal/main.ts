import { styleText } from 'node:util';
import { CoatcheckError } from '../core/base/errors.ts';

/** What a shell reports for a program ended by Ctrl-C: 128 and the signal's number. */
const INTERRUPTED_EXIT_CODE = 130;

/** The user, or the system, wants the program to end. */
class Interrupted extends Error {}

/**
 * Runs a program: an interruption fires its signal and lets it clean up, an error of ours is told in a message without
 * a stack. A second interruption ends it at once.
 * @param program gives the exit code
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
}

/** An error we didn't foresee shows where it came from. */
function messageOf(error: unknown): string {
  if (error instanceof CoatcheckError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
