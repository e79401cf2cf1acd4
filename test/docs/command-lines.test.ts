import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { type Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { ExitStatus } from '../../lib/cli/exit-status.ts';
import { programOf } from '../../lib/cli/program.ts';
import { readPages } from './snippets.ts';

/** Up to the end of the line, and of those it goes on in. */
const IN_BLOCK = /^ *(?:\$ )?(npx coatcheck (?:[^\n]*\\\n)*[^\n]*)$/gm;
const IN_TEXT = /`((?:npx )?coatcheck [a-z][^`]*)`/g;

const pages = [...(await readPages())];

/** The command lines of the pages that a pattern finds. */
function commandLines(pattern: RegExp): { page: string; line: string }[] {
  return pages.flatMap(([page, text]) => {
    const lines = [...text.matchAll(pattern)].map(([, line = '']) => line);
    return [...new Set(lines)].map((line) => ({ page, line }));
  });
}

/** The arguments, as a shell passes them on. What a variable or another command would give is some text. */
function argumentsOf(line: string): string[] {
  const shown = line.replaceAll('…', '').replaceAll(/"\$(?:\w+|\([^)]*\))"/g, 'text');
  const script = `npx() { [ "$1" = coatcheck ] && shift; printf '%s\\0' "$@" >&3; }; coatcheck() { npx "$@"; }; ( ${shown} ) 3>&1 >/dev/null 2>&1`;
  const output = execFileSync('bash', ['-c', script], { cwd: tmpdir(), encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

/** The program, which reads its command line and does nothing. */
async function idleProgram(): Promise<Command> {
  const program = await programOf({ signal: new AbortController().signal, exit: new ExitStatus() });
  makeIdle(program);
  return program;
}

function makeIdle(command: Command): void {
  command.configureOutput({ writeErr() {}, writeOut() {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const own of command.commands) makeIdle(own);
}

/** @returns the code of what is wrong, `complete` if nothing is */
async function parse(line: string): Promise<string> {
  try {
    const program = await idleProgram();
    await program.parseAsync(argumentsOf(line), { from: 'user' });
    return 'complete';
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 'complete' : error.code;
    throw error;
  }
}

const inBlocks = commandLines(IN_BLOCK);
const inText = commandLines(IN_TEXT);

test('E14: the pages have command lines', () => {
  expect(inBlocks.length).toBeGreaterThan(15);
  expect(inText.length).toBeGreaterThan(2);
});

test.each(inBlocks)('E14: $page: $line', async ({ line }) => {
  expect(await parse(line)).toBe('complete');
});

/** What a sentence leaves out. */
const INCOMPLETE = ['commander.missingArgument', 'commander.missingMandatoryOptionValue'];

test.each(inText)('E14: $page speaks of $line', async ({ line }) => {
  expect(['complete', ...INCOMPLETE]).toContain(await parse(line));
});

test.each([
  ['npx coatcheck submits a', 'commander.unknownCommand'],
  ['npx coatcheck submit a --wiat', 'commander.unknownOption'],
  ['npx coatcheck submit', 'commander.missingArgument'],
  ['npx coatcheck list --limit x', 'commander.invalidArgument'],
])('E14: %s would be found', async (line, code) => {
  expect(await parse(line)).toBe(code);
});
