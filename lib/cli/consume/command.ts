import { Command } from 'commander';
import type {
  ConsumeOptions as ConsumerOptions,
  ErrorContext,
  OutcomeContext,
  ReceivedOutcome,
} from '../../consumer/index.ts';
import { DEFAULT_HANDLER_TIMEOUT_SECONDS } from '../../consumer/options.ts';
import { RetryLater } from '../../core/base/errors.ts';
import { note, OutputClosed } from '../../terminal/output.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import { findDeployment } from '../deployment.ts';
import { EXIT } from '../exit-status.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import { runCommand } from './exec.ts';
import { addConsumeOptions, type ConsumeOptions } from './options.ts';
import { printOutcome } from './print-outcome.ts';

const EXAMPLES = `
Without --exec an outcome is deleted when it is printed; with it, when the command ends with 0. The command gets the
result, or the problem of a request without one, on its standard input, and COATCHECK_REQUEST_ID, COATCHECK_OUTCOME_ID,
COATCHECK_STATUS, COATCHECK_CONTENT_TYPE and, where there is one, TRACEPARENT and TRACESTATE in its environment. A ticket may be no name
for a file, ../a say: the outcome's id is one. Ctrl-C takes no more outcomes and waits for those that are dealt with.

Examples:
  coatcheck consume
  coatcheck consume --max 100 > outcomes.ndjson
  coatcheck consume --concurrency 4 --exec 'cat > "results/$COATCHECK_OUTCOME_ID.$COATCHECK_STATUS"'`;

/** `coatcheck consume`: takes outcomes from the output queue. */
export function consumeCommand(run: Run): Command {
  const command = new Command('consume')
    .description('Take outcomes from the output queue, and print them or run a command for each.')
    .addHelpText('after', EXAMPLES);
  return addConsumeOptions(command).action((options: ConsumeOptions) => takeOutcomes(options, run));
}

/** An outcome above the number that was wanted: it goes back. */
class Unwanted extends RetryLater {
  constructor() {
    super(0);
  }
}

async function takeOutcomes(options: ConsumeOptions, { signal, exit }: Run): Promise<void> {
  const { queue, max = Number.POSITIVE_INFINITY, concurrency } = options;
  const queueUrl = queue ?? (await findDeployment({ ...options, signal, note }))('OutputQueueUrl');
  const enough = new AbortController();
  let taken = 0;
  const handle = async (outcome: ReceivedOutcome, context: OutcomeContext) => {
    if (taken >= max) throw new Unwanted();
    if (++taken >= max) enough.abort();
    await (options.exec === undefined
      ? printOutcome(outcome, options)
      : runCommand(options.exec, outcome, context.signal));
  };
  const onError = (error: unknown, { requestId, messageId }: ErrorContext) => {
    if (error instanceof OutputClosed) throw error;
    if (error instanceof Unwanted) return;
    reportError(error, requestId ?? messageId);
    exit.add(EXIT.error);
  };
  const { consume } = await import('../../consumer/index.ts');
  await consume(
    {
      queueUrl,
      ...(await clientsOf(queueUrl)),
      concurrency: Math.min(concurrency, max),
      // Ctrl-C and --max wait for what is begun.
      stopTimeoutSeconds: DEFAULT_HANDLER_TIMEOUT_SECONDS,
      onError,
      signal: AbortSignal.any([signal, enough.signal]),
    },
    handle,
  );
}

/** A local queue's clients; on AWS the consumer makes its own. */
async function clientsOf(queueUrl: string): Promise<Pick<ConsumerOptions, 'region' | 'sqs' | 's3'>> {
  const { endpoint, region } = await awsOfQueue(queueUrl);
  if (endpoint === undefined) return { region };
  const { localClients } = await import('../../local/clients.ts');
  return localClients(endpoint);
}
