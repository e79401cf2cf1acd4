import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '../../aws/dead-letter.ts';
import type { DeployedService } from '../../aws/deployed-services.ts';
import { DynamoDbRecordStore } from '../../aws/dynamodb-record-store.ts';
import type { AliasRouting } from '../../aws/function-alias.ts';
import { LanedSender } from '../../aws/laned-sender.ts';
import { sqsClient } from '../../aws/sqs-client.ts';
import { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../aws/sqs-sender.ts';
import { ConfigurationError } from '../../core/base/errors.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { eachPriority } from '../../core/model/priority.ts';
import type { RecordStore } from '../../core/ports/record-store.ts';
import type { Rehearser } from '../../core/ports/rehearser.ts';
import { RequestRecords } from '../../core/records/request-records.ts';
import { QUEUES, REQUEST_LANES } from '../../embedded/storage.ts';
import { noteDiscarded } from '../../stores/sqlite/dead-letters.ts';
import { keepsOrder } from '../../stores/sqlite/keep-order.ts';
import { SqliteRecordStore } from '../../stores/sqlite/record-store.ts';
import { SqliteFile } from '../../stores/sqlite/sqlite-file.ts';
import { note } from '../../terminal/output.ts';
import { type AwsConfig, awsOfQueue } from '../aws-of-queue.ts';
import { deploymentOf, findService } from '../deployment.ts';
import { FileQueue, PeekedFileQueue } from '../file-queue.ts';
import type { RefilledQueue } from '../queues.ts';
import { chosenService, dataFolder, type RunningService, serviceFile } from '../running-service.ts';
import type { DeploymentOptions } from '../service-options.ts';
import type { DeadLetterSource } from './walk.ts';

/** The dead letters of a service, and the queue to redrive them to. */
export interface DeadLetterService extends DeadLetterSource, AsyncDisposable {
  readonly input: RefilledQueue;
  /** Notes that dead letters are deleted on purpose, for the audit. Absent on AWS, where nothing has room for that. */
  noteDiscarded?(letters: readonly DeadLetter[]): Promise<void>;
  /** Reads which versions of the processor run requests now; undefined if the deployment doesn't say. */
  readVersions(signal: AbortSignal): Promise<AliasRouting | undefined>;
  /**
   * Opens what rehearses the dead letters.
   * @param processorFile the processor of a service on this machine
   * @throws ConfigurationError if there is no processor to rehearse on
   */
  openRehearser(processorFile: string | undefined): Promise<Rehearser>;
}

/** How the dead letters are read. */
export interface DeadLetterReading {
  /** Whether nothing is done with them, so that they need not be hidden from others. @default false */
  readonly isOnlyRead?: boolean;
}

/** Opens the dead letters of the service that the options name. @throws DeploymentUnknown */
export async function openDeadLetterService(
  options: DeploymentOptions,
  signal: AbortSignal,
  reading: DeadLetterReading = {},
): Promise<DeadLetterService> {
  const running = await chosenService(options);
  if (running) return openFile(running, reading);
  return openDeployed(await findService({ ...options, signal, note }));
}

async function openFile(
  { command }: RunningService,
  { isOnlyRead }: DeadLetterReading,
): Promise<DeadLetterService> {
  const folder = dataFolder();
  const file = await SqliteFile.open(serviceFile(folder));
  const Queue = isOnlyRead ? PeekedFileQueue : FileQueue;
  return {
    queue: new Queue(file, QUEUES.deadLetters),
    input: inputOf(file),
    records: recordsIn(new SqliteRecordStore(file)),
    noteDiscarded: (letters) =>
      file.write(() => {
        for (const { requests } of letters) {
          for (const { described } of requests) noteDiscarded(file, described);
        }
      }, 'committed'),
    readVersions: async () => undefined,
    openRehearser: async (processorFile) => {
      if (processorFile === undefined) {
        throw new ConfigurationError(
          `--rehearse needs --processor with the file of the processor, since the service of coatcheck ${command} runs in another process`,
        );
      }
      const { ProcessRehearser } = await import('./rehearsal/process-rehearser.ts');
      return new ProcessRehearser({ processorFile, folder, command });
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

function inputOf(file: SqliteFile): RefilledQueue {
  const lane = (queue: string) => new FileQueue(file, queue);
  if (keepsOrder(file, QUEUES.requests)) return lane(QUEUES.requests);
  return new LanedSender(eachPriority((priority) => lane(REQUEST_LANES[priority])));
}

/** Opens the queues and the table that a deployment's outputs name. @throws DeploymentUnknown */
async function openDeployed(service: DeployedService): Promise<DeadLetterService> {
  const deployment = deploymentOf(service);
  const url = deployment('DeadLetterQueueUrl');
  const aws = await awsOfQueue(url);
  const queues = sqsClient(aws);
  const table = new DynamoDBClient(aws);
  const store = new DynamoDbRecordStore(table, deployment('RequestTableName'));
  return {
    queue: new DeadLetterQueue(queues, url),
    input: deployedInput(service, queues, deployment('InputQueueUrl')),
    records: recordsIn(store),
    readVersions: (signal) => readVersions(service, aws, signal),
    openRehearser: (processorFile) => openFunctionRehearser(service, aws, processorFile),
    [Symbol.asyncDispose]: async () => {},
  };
}

function deployedInput(
  { outputs: { HighInputQueueUrl: high, LowInputQueueUrl: low } }: DeployedService,
  queues: SQSClient,
  normal: string,
): RefilledQueue {
  if (high === undefined || low === undefined) return new SqsSender(queues, normal);
  const urls = { high, normal, low };
  return new LanedSender(eachPriority((priority) => new SqsSender(queues, urls[priority])));
}

/** With releases, the alias knows the versions; otherwise the prop `version` does. */
async function readVersions(
  { outputs }: DeployedService,
  aws: AwsConfig,
  signal: AbortSignal,
): Promise<AliasRouting | undefined> {
  const { ReleaseAliasName, ProcessorFunctionName, ProcessorVersion } = outputs;
  if (ReleaseAliasName !== undefined && ProcessorFunctionName !== undefined) {
    const { FunctionAlias } = await import('../../aws/function-alias.ts');
    return new FunctionAlias(aws, ProcessorFunctionName, ReleaseAliasName).read(signal);
  }
  return ProcessorVersion === undefined ? undefined : { version: ProcessorVersion, weights: {} };
}

/** @throws ConfigurationError unless the processor is a function */
async function openFunctionRehearser(
  { service, outputs }: DeployedService,
  aws: AwsConfig,
  processorFile: string | undefined,
): Promise<Rehearser> {
  if (processorFile !== undefined) {
    throw new ConfigurationError(
      '--processor is for a service on this machine: a deployed service rehearses on its function. Deploy the processor first',
    );
  }
  const { ProcessorFunctionName, ReleaseAliasName } = outputs;
  if (ProcessorFunctionName === undefined) {
    throw new ConfigurationError(
      `--rehearse needs a processor on Lambda, which can be invoked, and that of the service ${service} runs on Fargate`,
    );
  }
  const { InvokedFunction } = await import('../../aws/invoked-function.ts');
  const { FunctionRehearser } = await import('../../aws/function-rehearser.ts');
  return new FunctionRehearser(new InvokedFunction(aws, ProcessorFunctionName, ReleaseAliasName));
}

/** Records are only read here, so their retention doesn't matter. */
function recordsIn(store: RecordStore): RequestRecords {
  return new RequestRecords(store, Date.now, NUMBER_SETTINGS.recordAgeDays.default);
}
