import { createInterface } from 'node:readline';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks on the terminal. @returns whether the answer is yes @throws the signal's reason */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `);
  // Not as a terminal: that would keep Ctrl-C from being a signal.
  const answers = createInterface({ input: process.stdin, terminal: false, signal });
  try {
    for await (const answer of answers) return /^y(?:es)?$/i.test(answer.trim());
    signal.throwIfAborted();
    return false;
  } finally {
    // An input that is still read keeps the program from ending.
    process.stdin.pause();
  }
}
