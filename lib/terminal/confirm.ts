import { createInterface } from 'node:readline';

/** Whether there is a terminal to ask on. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks on the terminal. @returns whether the answer is yes @throws the signal's reason */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `);
  // With `terminal: true`, Ctrl-C wouldn't raise a signal.
  const answers = createInterface({ input: process.stdin, terminal: false, signal });
  try {
    for await (const answer of answers) return /^y(?:es)?$/i.test(answer.trim());
    signal.throwIfAborted();
    return false;
  } finally {
    // An open input would keep the program running.
    process.stdin.pause();
  }
}
