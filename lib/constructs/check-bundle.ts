/**
 * Run on a bundle before it is deployed: with the arguments FILE EXPORT ENTRY. A function that isn't a processor
 * would acknowledge every message and publish nothing, so it must not be deployed by mistake.
 */
import { readFileSync } from 'node:fs';
import { TEXT_VARIABLES } from '../core/environment.ts';

const [file = '', exported = '', entry = ''] = process.argv.slice(2);
const bundle = readFileSync(file, 'utf8');

if (!new RegExp(`export\\s*\\{[^}]*\\b${exported}\\b[^}]*\\}`).test(bundle)) {
  refuse(`exports no ${exported}`);
}
// What only processor() reads; the bundler drops it where nobody calls that.
if (!bundle.includes(TEXT_VARIABLES.inputQueueUrl)) refuse('makes no processor');

function refuse(problem: string): never {
  console.error(`${entry} ${problem}. It must say: export const ${exported} = processor(yourHandler);`);
  process.exit(1);
}
