import { run } from '../../../lib/local/run.ts';

/** A toolchain that a machine may lack. Node and npm are always there. */
export type Toolchain = 'python' | 'java' | 'go' | 'php';

/** What has to run for a toolchain to be there. */
const COMMANDS: Readonly<Record<Toolchain, readonly (readonly [command: string, ...args: string[]])[]>> = {
  python: [['python3', '--version']],
  java: [
    ['java', '-version'],
    ['mvn', '-version'],
  ],
  go: [['go', 'version']],
  php: [['php', '--version']],
};

/**
 * Whether the machine has a toolchain; for `describe.runIf`. Prints a line where it hasn't.
 * @throws in CI, where every peer is tested
 */
export async function hasToolchain(toolchain: Toolchain): Promise<boolean> {
  for (const [command, ...args] of COMMANDS[toolchain]) {
    if (await runs(command, args)) continue;
    const problem = `no ${command} on the PATH: the tests with ${toolchain} peers`;
    if (process.env.CI) throw new Error(`${problem} can't run, and in CI they must`);
    console.warn(`${problem} are skipped`);
    return false;
  }
  return true;
}

function runs(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    ({ succeeded }) => succeeded,
    () => false,
  );
}
