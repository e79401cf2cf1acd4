import { Command } from 'commander';
import type { ConsumeOptions, ErrorContext, OutcomeContext, ReceivedOutcome } from '../../consumer/index.ts';
import { DEFAULT_HANDLER_TIMEOUT_SECONDS } from '../../consumer/options.ts';
import { ConfigurationError, RetryLater } from '../../core/base/errors.ts';
import { note, OutputClosed } from '../../terminal/output.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import { findDeployment } from '../deployment.ts';
import { EXIT } from '../exit-status.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import { chosenService, dataFolder, serviceFile } from '../running-service.ts';
import { runCommand } from './exec.ts';
import { addConsumeOptions, type ConsumeCommandOptions } from './options.ts';
import { printOutcome } from './print-outcome.ts';

const EXAMPLES = `
Without --exec, an outcome is deleted once it is printed; with it, once the command exits with 0. The command gets the
result (or the problem, if the request did not succeed) on its standard input, and COATCHECK_REQUEST_ID,
COATCHECK_OUTCOME_ID, COATCHECK_STATUS, COATCHECK_CONTENT_TYPE, TRACEPARENT and TRACESTATE in its environment. Name files
by the outcome id: a ticket may be unsafe as a file name, for example ../a. Ctrl-C takes no more outcomes and waits for
those in progress.

Examples:
  npx coatcheck consume
  npx coatcheck consume --max 100 > outcomes.ndjson
  npx coatcheck consume --subscription Thumbnails
  npx coatcheck consume --concurrency 4 --exec 'cat > "results/$COATCHECK_OUTCOME_ID.$COATCHECK_STATUS"'`;

/** `coatcheck consume`: consumes outcomes from the output queue. */
export function consumeCommand(run: Run): Command {
  const command = new Command('consume')
    .description('Consume outcomes from the output queue: print them, or run a command for each.')
    .addHelpText('after', EXAMPLES);
  return addConsumeOptions(command).action((options: ConsumeCommandOptions) => consumeOutcomes(options, run));
}

/** Returns an outcome beyond --max to the queue. */
class MaxReached extends RetryLater {
  override readonly name = 'MaxReached';

  constructor() {
    super(0);
  }
}

async function consumeOutcomes(options: ConsumeCommandOptions, { signal, exit }: Run): Promise<void> {
  const { queue, subscription, max = Number.POSITIVE_INFINITY, concurrency } = options;
  const service = options.service ?? subscription;
  const enough = new AbortController();
  let taken = 0;
  const handle = async (outcome: ReceivedOutcome, context: OutcomeContext) => {
    if (taken >= max) throw new MaxReached();
    if (++taken >= max) enough.abort();
    await (options.exec === undefined
      ? printOutcome(outcome, options)
      : runCommand(options.exec, outcome, context.signal));
  };
  const onError = (error: unknown, { requestId, messageId }: ErrorContext) => {
    if (error instanceof OutputClosed) throw error;
    if (error instanceof MaxReached) return;
    reportError(error, requestId ?? messageId);
    exit.add(EXIT.error);
  };
  const until = {
    concurrency: Math.min(concurrency, max),
    onError,
    signal: AbortSignal.any([signal, enough.signal]),
  };
  const running = queue === undefined ? await chosenService({ ...options, service }) : undefined;
  if (running?.output === false) {
    throw new ConfigurationError(
      'The service queues no outcomes, because COATCHECK_OUTPUT is none: read them with npx coatcheck list, or receive webhooks',
    );
  }
  if (running) {
    const { consumeFile } = await import('./consume-file.ts');
    return consumeFile(serviceFile(dataFolder()), until, handle);
  }
  const search = {
    ...options,
    service,
    kind: subscription ? 'subscription' : 'service',
    signal,
    note,
  } as const;
  const queueUrl =
    queue ?? (await findDeployment(search))(subscription ? 'SubscriptionQueueUrl' : 'OutputQueueUrl');
  const { consume } = await import('../../consumer/index.ts');
  await consume(
    {
      queueUrl,
      ...(await clientsOf(queueUrl)),
      ...until,
      // After Ctrl-C or --max, handlers that have started may finish.
      stopTimeoutSeconds: DEFAULT_HANDLER_TIMEOUT_SECONDS,
    },
    handle,
  );
}

/** Clients for a local queue; on AWS, the consumer creates its own. */
async function clientsOf(queueUrl: string): Promise<Pick<ConsumeOptions, 'region' | 'sqs' | 's3'>> {
  const { endpoint, region } = await awsOfQueue(queueUrl);
  if (endpoint === undefined) return { region };
  const { localClients } = await import('../../local/clients.ts');
  return localClients(endpoint);
}
