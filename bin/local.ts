/**
 * Deploys the service to a local AWS, prints commands to try, and runs until it is interrupted.
 *
 *     npm run local
 *     npm run local -- --processor FILE    with your processor instead of the example
 */

import { DEFAULT_UPLOAD_PREFIX } from '../lib/core/config/settings.ts';
import type { LocalAws } from '../lib/local/emulator.ts';
import { awsVariables, readLocalSettings } from '../lib/local/environment.ts';
import {
  deployLocalService,
  EXAMPLE_PROCESSOR,
  type LocalService,
  readProcessor,
} from '../lib/local/local-service.ts';
import { showLog } from '../lib/local/show-log.ts';
import { withLocalAws } from '../lib/local/with-local-aws.ts';
import { main } from '../lib/terminal/main.ts';
import { printable } from '../lib/terminal/output.ts';
import { step, styled } from '../lib/terminal/terminal.ts';

const AWS_CLI = 'https://aws.amazon.com/cli/';
const DATA = 'node_modules/vega-datasets/data';

await main(async (signal) => {
  const processor = await readProcessor(process.argv.slice(2));
  return withLocalAws({ ...readLocalSettings(process.env), signal, step }, (aws) =>
    program(aws, processor, signal),
  );
});

async function program(aws: LocalAws, processor: string, signal: AbortSignal): Promise<number> {
  const service = await deployLocalService({ endpoint: aws.endpoint, processor, signal, step });
  console.log('\nCommands to try, in another terminal in this folder:\n');
  suggest(suggestions(service, processor));
  console.log(`The same with the AWS CLI (${AWS_CLI}):\n`);
  suggest(awsSuggestions(aws.endpoint, service));
  if (!aws.emulator) {
    console.log(`The AWS at ${aws.endpoint} was running before, and keeps running.`);
    return 0;
  }
  console.log(`${styled('bold', 'Running until Ctrl-C, which deletes all data.')} Log of the processor:\n`);
  const { endpoint } = aws;
  const log = showLog({ endpoint, service, printable, since: Date.now(), follow: true, signal });
  await Promise.race([log, aws.emulator.failure]);
  console.log('\nStopping.');
  return 0;
}

/** Command lines, each with its purpose. */
type Suggestions = readonly (readonly [purpose: string, command: string])[];

function suggest(suggestions: Suggestions): void {
  for (const [purpose, command] of suggestions) console.log(`${purpose}:\n  ${styled('cyan', command)}\n`);
}

function suggestions(service: LocalService, processor: string): Suggestions {
  const option = processor === EXAMPLE_PROCESSOR ? '' : ` -- --processor '${processor}'`;
  return [
    ['Submit a file and wait for its result', `npx coatcheck submit ${DATA}/airports.csv --wait -o .local`],
    [
      'The same by HTTP',
      `curl -i '${service('ApiUrl')}/v1/requests' -H 'Content-Type: text/csv' -H 'Prefer: wait=10' --data-binary @${DATA}/stocks.csv`,
    ],
    ['List requests', 'npx coatcheck list'],
    ['Consume outcomes from the output queue', 'npx coatcheck consume --max 2'],
    ['List dead letters', 'npx coatcheck dead-letters list'],
    ['Print the log of a request', 'npx coatcheck logs TICKET'],
    ['Deploy again after a change, and run the demo against it', `npm run demo${option}`],
  ];
}

/** Every command names the endpoint, so that it can't reach a real account when run by itself. */
function awsSuggestions(endpoint: string, service: LocalService): Suggestions {
  const variables = Object.entries(awsVariables(endpoint)).map(([name, value]) => `${name}=${value}`);
  const aws = `aws --endpoint-url ${endpoint}`;
  const receive = `${aws} sqs receive-message --max-number-of-messages 10`;
  return [
    ['First', `export ${variables.join(' ')}`],
    [
      'Submit a file',
      `${aws} s3 cp ${DATA}/airports.csv s3://${service('PayloadBucketName')}/${DEFAULT_UPLOAD_PREFIX}`,
    ],
    [
      'Submit a message',
      `${aws} sqs send-message --queue-url ${service('InputQueueUrl')} --message-body "$(head -n 50 ${DATA}/stocks.csv)"`,
    ],
    [
      'Receive outcomes; they return to the queue unless they are deleted',
      `${receive} --wait-time-seconds 20 --queue-url ${service('OutputQueueUrl')} --query 'Messages[].Body' --output text`,
    ],
    ['Receive dead letters', `${receive} --queue-url ${service('DeadLetterQueueUrl')}`],
  ];
}
