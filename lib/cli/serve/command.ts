import { Command, Option } from 'commander';
import {
  CONSOLE_MODES,
  DATA_VARIABLE,
  readServeEnvironment,
  SERVE_NUMBERS,
  serveVariableNames,
} from '../../core/config/serve-environment.ts';
import { DATA_FOLDER } from '../../core/config/worker-environment.ts';
import { loadEnvFile, warnOfUnknownVariables } from '../env-file.ts';
import { addForwardOptions, chosenProcessor, type ForwardCommandOptions } from '../processor-options.ts';
import { readPort, readText } from '../quantities.ts';
import type { Run } from '../run.ts';

const EXAMPLES = `
The service has a queue, records and payloads in files of one folder, and an HTTP API. With a file, it runs the processor; with
--forward, it sends requests to an HTTP service. With neither, other processes take requests by HTTP: POST /v1/jobs/receive.

Options win over environment variables, and these over the file of --env-file. Some variables without an option, see docs/serve.md for all:

  COATCHECK_API_KEYS        keys that callers send as Authorization: Bearer KEY; required unless only this machine reaches it
  COATCHECK_OPERATOR_KEYS   keys of operators, who may also act on many requests at once
  COATCHECK_URL             URL by which clients reach the API, for links to uploads and results
  COATCHECK_CONCURRENCY     most requests handled at a time
  COATCHECK_ORDER           fifo: requests with the same ordering key run one after another
  COATCHECK_LIMITS          limits of the requests that share a topic or metadata, as JSON: see docs/limits.md
  COATCHECK_GRACE_SECONDS   how long running requests may take to finish after SIGTERM
  COATCHECK_STATUS_PORT     port of /health, /ready and /metrics

Examples:
  npx coatcheck serve src/processor.ts
  npx coatcheck serve src/processor.ts --console actions
  npx coatcheck serve --forward http://127.0.0.1:8000/process --forward-ready /health
  npx coatcheck serve --host 0.0.0.0 --data /var/lib/coatcheck --env-file /etc/coatcheck.env`;

/** The options that stand for variables. */
const OPTIONS: Readonly<Record<string, string>> = {
  COATCHECK_HOST: 'option --host',
  COATCHECK_PORT: 'option --port',
  [DATA_VARIABLE]: 'option --data',
  COATCHECK_CONSOLE: 'option --console',
};

interface ServeCommandOptions extends ForwardCommandOptions {
  readonly host?: string;
  readonly port?: number;
  readonly data?: string;
  readonly envFile?: string;
  readonly console?: string;
}

/** `coatcheck serve`: a service on this machine, for production. */
export function serveCommand({ signal }: Run): Command {
  const command = new Command('serve')
    .description('Run a service on this machine: API, queue and processor in one process, without AWS.')
    .argument(
      '[file]',
      'file that exports the processor as handler (default: none, requests are taken by HTTP)',
    );
  return addForwardOptions(command)
    .option('--host <host>', 'address to listen on, or COATCHECK_HOST (default: 127.0.0.1)', readText)
    .addOption(
      new Option(
        '--port <port>',
        `port of the HTTP API, or COATCHECK_PORT; 0 for any free one (default: ${SERVE_NUMBERS.port.default})`,
      ).argParser(readPort),
    )
    .option(
      '--data <folder>',
      `folder for everything that is stored, or COATCHECK_DATA (default: ${DATA_FOLDER})`,
      readText,
    )
    .addOption(
      new Option(
        '--console [mode]',
        'web page for operators at /console of the API, or COATCHECK_CONSOLE (default: off)',
      )
        .choices(CONSOLE_MODES)
        .preset('read-only'),
    )
    .option('--env-file <file>', 'file with variables, one NAME=value per line')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: ServeCommandOptions) => {
      const { host, port, data, console, envFile } = options;
      const known = serveVariableNames();
      const fromFile = envFile === undefined ? [] : await loadEnvFile(envFile, known);
      warnOfUnknownVariables(known);
      const fromOptions = {
        ...(host !== undefined && { COATCHECK_HOST: host }),
        ...(port !== undefined && { COATCHECK_PORT: String(port) }),
        ...(data !== undefined && { COATCHECK_DATA: data }),
        ...(console !== undefined && { COATCHECK_CONSOLE: console }),
      };
      const environment = readServeEnvironment({ ...process.env, ...fromOptions });
      const sources = new Map([
        ...fromFile.map((name) => [name, 'file'] as const),
        ...Object.keys(fromOptions).map((name) => [name, OPTIONS[name] ?? 'option'] as const),
      ]);
      const { runServe } = await import('./run-serve.ts');
      await runServe(await chosenProcessor(file, options), environment, sources, signal);
    });
}
