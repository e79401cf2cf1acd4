import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/**
 * Runs a program, by its path from test/support/programs, and kills it, as `kill -9` does, when it has printed so many lines.
 * @returns all lines it printed
 */
export async function killAfterLines(
  program: string,
  args: readonly string[],
  count: number,
): Promise<string[]> {
  const path = resolve(import.meta.dirname, 'programs', program);
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.signalCode !== 'SIGKILL') throw new Error(`${program} ended by itself: ${child.exitCode}`);
  return lines;
}
