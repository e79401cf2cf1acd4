#!/usr/bin/env node
/** The command line. `npx coatcheck` runs it on the project's Node, which npx puts first on the PATH. */
import module from 'node:module';
import { main } from '../lib/terminal/main.ts';

// Compiled once, it starts in half the time.
module.enableCompileCache?.();

await main(async (signal) => {
  const { runProgram } = await import('../lib/cli/program.ts');
  return runProgram(process.argv.slice(2), signal);
});
