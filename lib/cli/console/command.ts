import { Command } from 'commander';
import { readPort } from '../quantities.ts';
import type { Run } from '../run.ts';
import { addApiOptions, type ServiceOptions } from '../service-options.ts';

const EXAMPLES = `
The URL that is printed works once, in one browser. Only programs of this machine reach the page. It calls the API with your
credentials. Each view of a payload or a result, and each action, is printed.

Examples:
  npx coatcheck console
  npx coatcheck console --stack Shop --allow-actions
  COATCHECK_TOKEN=KEY npx coatcheck console --api https://jobs.example.com`;

interface ConsoleCommandOptions extends ServiceOptions {
  readonly port: number;
  readonly allowActions?: true;
}

/** `coatcheck console`: a web page for operators. */
export function consoleCommand({ signal }: Run): Command {
  const command = new Command('console')
    .description('Serve a web page on this machine that shows operators what a service is doing.')
    .option('--port <port>', 'port of the page; 0 is any free one', readPort, 0)
    .option(
      '--allow-actions',
      'also cancel, retry and redrive requests, and change limits (default: read-only)',
    )
    .addHelpText('after', EXAMPLES);
  return addApiOptions(command).action(async (options: ConsoleCommandOptions) => {
    const { runConsole } = await import('./run-console.ts');
    await runConsole(options, signal);
  });
}
