import { createInterface } from 'node:readline';

/** Whether there is a terminal to ask on. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks on the terminal. @returns whether the answer is yes @throws the signal's reason */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  return /^y(?:es)?$/i.test(await ask(`${question} [y/N] `, signal));
}

/** Asks on the terminal for a number, for what can't be undone. @returns whether it was typed @throws the signal's reason */
export async function confirmCount(question: string, count: number, signal: AbortSignal): Promise<boolean> {
  return (await ask(`${question} `, signal)).replaceAll(',', '') === String(count);
}

/** @returns the answer; empty if the input ends */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  process.stderr.write(question);
  // With `terminal: true`, Ctrl-C wouldn't raise a signal.
  const answers = createInterface({ input: process.stdin, terminal: false, signal });
  try {
    for await (const answer of answers) return answer.trim();
    signal.throwIfAborted();
    return '';
  } finally {
    // An open input would keep the program running.
    process.stdin.pause();
  }
}
