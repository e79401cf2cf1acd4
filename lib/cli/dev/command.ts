import { Command, Option } from 'commander';
import { SERVE_NUMBERS } from '../../core/config/serve-environment.ts';
import { DATA_FOLDER } from '../../core/config/worker-environment.ts';
import { warnOfUnknownVariables } from '../env-file.ts';
import { readPort } from '../quantities.ts';
import type { Run } from '../run.ts';
import { DEV_VARIABLES } from './variables.ts';

/** The debugger's usual port. */
const INSPECT_PORT = 9229;

const EXAMPLES = `
The service has a queue, records and payloads in files under ${DATA_FOLDER}, and an HTTP API for this machine only. The other
commands find it in the same folder. When the processor or a file that it imports changes, it is loaded again; what runs is
finished first. COATCHECK_LIMITS limits requests, as with coatcheck serve.

Examples:
  npx coatcheck dev src/processor.ts
  npx coatcheck dev src/processor.ts --port 0 --inspect`;

interface DevCommandOptions {
  readonly port: number;
  readonly inspect?: number | true;
}

/** `coatcheck dev`: runs a processor with everything that it needs, on this machine. */
export function devCommand({ signal }: Run): Command {
  return new Command('dev')
    .description('Run a processor on this machine, without AWS, and reload it when it changes.')
    .argument('<file>', 'file that exports the processor as handler')
    .addOption(
      new Option('--port <port>', 'port of the HTTP API; 0 for any free one')
        .argParser(readPort)
        .default(SERVE_NUMBERS.port.default),
    )
    .addOption(
      new Option(
        '--inspect [port]',
        `let a debugger attach to the processor (default port: ${INSPECT_PORT})`,
      ).argParser(readPort),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, { port, inspect }: DevCommandOptions) => {
      warnOfUnknownVariables(Object.values(DEV_VARIABLES).map(({ name }) => name));
      const { runDev } = await import('./run-dev.ts');
      const inspectPort = inspect === true ? INSPECT_PORT : inspect;
      await runDev({ file, folder: DATA_FOLDER, port, inspectPort }, signal);
    });
}
