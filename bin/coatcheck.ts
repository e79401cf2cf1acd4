#!/usr/bin/env node
/** The command line. `npx coatcheck` runs it on the project's Node, which npx puts first on the PATH. */
import { runProgram } from '../lib/cli/program.ts';
import { main } from '../lib/terminal/main.ts';

await main((signal) => runProgram(process.argv.slice(2), signal));
