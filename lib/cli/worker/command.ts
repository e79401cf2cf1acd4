import { Command } from 'commander';
import { ConfigurationError } from '../../core/base/errors.ts';
import { readWorkerEnvironment, workerVariableNames } from '../../core/config/worker-environment.ts';
import { loadEnvFile, warnOfUnknownVariables } from '../env-file.ts';
import { addForwardOptions, chosenProcessor, type ForwardCommandOptions } from '../processor-options.ts';
import type { Run } from '../run.ts';

const EXAMPLES = `
Queues and stores are given by environment variables, or in the same form in a file. Variables of the environment win.

  COATCHECK_INPUT                     URL of the queue of requests (required)
  COATCHECK_INPUT_HIGH, …_LOW         URLs of queues of requests of high and of low priority
  COATCHECK_OUTPUT                    URL of the queue of outcomes, or none: they are only recorded (required)
  COATCHECK_DEAD_LETTERS              URL of the queue for requests that used up their attempts
  COATCHECK_PAYLOADS                  s3://bucket or file:directory (default: file:.coatcheck/payloads)
  COATCHECK_RECORDS                   dynamodb://table or sqlite:file (default: sqlite:.coatcheck/records.db)

With COATCHECK_WEBHOOK_SECRETS, outcomes are also sent by HTTP, to the callback URLs of requests. With COATCHECK_ORDER=fifo,
requests with the same ordering key run one after another.

SIGTERM stops the worker: it takes nothing new, finishes what runs within COATCHECK_GRACE_SECONDS, and returns the rest.

Examples:
  npx coatcheck worker src/processor.ts --env-file worker.env
  npx coatcheck worker --forward http://127.0.0.1:8000/process --forward-ready /health --env-file worker.env
  COATCHECK_INPUT='sqlite:.coatcheck/queues.db?queue=requests' COATCHECK_OUTPUT='sqlite:.coatcheck/queues.db?queue=outcomes' \\
    npx coatcheck worker src/processor.ts`;

interface WorkerOptions extends ForwardCommandOptions {
  readonly envFile?: string;
}

/** `coatcheck worker`: runs a processor in a process of its own. */
export function workerCommand({ signal }: Run): Command {
  const command = new Command('worker')
    .description('Run a processor as a worker, on any queue and without a time limit.')
    .argument('[file]', 'file that exports the processor as handler');
  return addForwardOptions(command)
    .option('--env-file <file>', 'file with variables, one NAME=value per line')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: WorkerOptions) => {
      const known = Object.values(workerVariableNames());
      if (options.envFile !== undefined) await loadEnvFile(options.envFile, known);
      warnOfUnknownVariables(known);
      const environment = readWorkerEnvironment(process.env);
      const processor = await chosenProcessor(file, options);
      if (!processor) {
        throw new ConfigurationError(
          'A worker needs a file with a processor, or --forward with the URL of a service, got neither',
        );
      }
      const { runWorker } = await import('./run-worker.ts');
      await runWorker(processor, environment, signal);
    });
}
