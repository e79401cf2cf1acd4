import { type Duration, Token } from 'aws-cdk-lib';
import {
  FARGATE_DEFAULT_CPU,
  FARGATE_DEFAULT_MEMORY_MIB,
  FARGATE_NUMBERS,
  type FargateNumberName,
} from '../../core/config/fargate-settings.ts';
import { rangeProblem } from '../../core/config/settings.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { FargateProps } from './fargate-props.ts';
import { fargateSizeProblem } from './fargate-sizes.ts';

/** The numbers of a service on Fargate with defaults, in the units of {@link FARGATE_NUMBERS}. */
export interface FargateSettings extends Readonly<Record<FargateNumberName, number>> {
  readonly cpu: number;
  readonly memoryLimitMiB: number;
  /** The props, which are no numbers otherwise. */
  readonly host: FargateProps;
}

/** The numbers of {@link FargateProps} with defaults. */
export function fargateSettings(props: FargateProps): FargateSettings {
  const { cpu = FARGATE_DEFAULT_CPU, memoryLimitMiB = FARGATE_DEFAULT_MEMORY_MIB } = props;
  const { concurrency, minTasks, maxTasks, targetWait, stopTimeout } = props;
  return {
    host: props,
    cpu,
    memoryLimitMiB,
    concurrency: concurrency ?? FARGATE_NUMBERS.concurrency.default,
    minTasks: minTasks ?? FARGATE_NUMBERS.minTasks.default,
    maxTasks: maxTasks ?? FARGATE_NUMBERS.maxTasks.default,
    targetWaitSeconds: secondsOf(targetWait) ?? FARGATE_NUMBERS.targetWaitSeconds.default,
    stopSeconds: secondsOf(stopTimeout) ?? FARGATE_NUMBERS.stopSeconds.default,
  };
}

/** Keeps fractions, so that the check reports them. */
function secondsOf(duration: Duration | undefined): number | undefined {
  return duration?.toSeconds({ integral: false });
}

/** Problems with the props of a service on Fargate, among them those that only a Lambda function has. */
export function fargateProblems(props: AsyncServiceProps): string[] {
  const fargate = props.host?.fargate;
  if (!fargate) return [];
  return [
    ...numberProblems(fargate),
    ...networkProblems(fargate),
    ...containerProblems(props, fargate),
    ...lambdaOnly(props),
  ];
}

function numberProblems(fargate: FargateProps): string[] {
  const settings = fargateSettings(fargate);
  const names = Object.keys(FARGATE_NUMBERS) as FargateNumberName[];
  const problems = names.flatMap((name) => {
    const { prop } = FARGATE_NUMBERS[name];
    const value = settings[name];
    if (Token.isUnresolved(value)) {
      return [`${prop} must be known before deployment: the scaling of the tasks is computed from it`];
    }
    return rangeProblem(FARGATE_NUMBERS[name], value, prop) ?? [];
  });
  const { cpu, memoryLimitMiB, minTasks, maxTasks } = settings;
  if (minTasks > maxTasks) {
    problems.push(`host.maxTasks must be at least host.minTasks, which is ${minTasks}, got ${maxTasks}`);
  }
  return [
    ...problems,
    ...[fargateSizeProblem(cpu, memoryLimitMiB)].filter((problem) => problem !== undefined),
  ];
}

function networkProblems({ vpc, cluster }: FargateProps): string[] {
  if ((vpc === undefined) !== (cluster === undefined)) return [];
  return [`host must have either a vpc or a cluster, got ${vpc ? 'both' : 'neither'}`];
}

function containerProblems(
  { entry, handler, secrets, function: processor }: AsyncServiceProps,
  fargate: FargateProps,
): string[] {
  const { forwardTo } = fargate;
  if (!forwardTo) return [];
  const { port, path = '/', readyPath = '/' } = forwardTo;
  const given = {
    entry,
    handler,
    secrets,
    'function.environment': processor?.environment,
    'function.bundling': processor?.bundling,
  };
  const problems = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `${name} must not be set with host.forwardTo: the container handles the requests`);
  const range = { unit: '', min: 1, max: 65_535 };
  const portProblem = Token.isUnresolved(port) ? undefined : rangeProblem(range, port, 'host.forwardTo.port');
  if (portProblem) problems.push(portProblem);
  for (const [name, value] of Object.entries({ path, readyPath })) {
    if (!value.startsWith('/')) {
      problems.push(`host.forwardTo.${name} must begin with a slash, got ${JSON.stringify(value)}`);
    }
  }
  return problems;
}

/** Why each prop of Lambda has no meaning on Fargate, with what to do. */
function lambdaOnly({ queue, function: processor, circuitBreaker, release }: AsyncServiceProps): string[] {
  const noBatches = 'a task takes single messages. Use host.concurrency';
  const { bundling } = processor ?? {};
  const given: [path: string, value: unknown, reason: string][] = [
    ['queue.batchSize', queue?.batchSize, noBatches],
    ['queue.batchWindow', queue?.batchWindow, noBatches],
    [
      'queue.maxConcurrency',
      queue?.maxConcurrency,
      'there are no batches. Use host.maxTasks and host.concurrency',
    ],
    ['queue.pollers', queue?.pollers, 'each task polls the queue itself. Leave it out'],
    [
      'queue.visibilityTimeout',
      queue?.visibilityTimeout,
      'a task keeps its messages hidden as long as it works. Leave it out',
    ],
    [
      'function.memoryMiB',
      processor?.memoryMiB,
      'there is no function. Use host.memoryLimitMiB and host.cpu',
    ],
    ['function.timeout', processor?.timeout, 'a request may take as long as it needs. Leave it out'],
    [
      'function.requestConcurrency',
      processor?.requestConcurrency,
      'there are no batches. Use host.concurrency',
    ],
    [
      'function.reservedConcurrency',
      processor?.reservedConcurrency,
      'there is no function. Use host.maxTasks',
    ],
    ['function.ephemeralStorage', processor?.ephemeralStorage, 'a task has 20 GiB of disk. Leave it out'],
    ['function.layers', processor?.layers, 'an image has no layers of Lambda. Use host.baseImage'],
    [
      'function.filesystem',
      processor?.filesystem,
      'it is mounted in functions only. Add a volume to fargateService.taskDefinition',
    ],
    ['function.bundling.format', bundling?.format, 'the bundle of a task is an ES module. Leave it out'],
    [
      'function.bundling.preCompilation',
      bundling?.preCompilation,
      'the bundle of a task begins with a module of the service. Leave it out',
    ],
    ['release', release, 'ECS rolls a deployment back whose tasks fail to start. Leave it out'],
    [
      'circuitBreaker.pauseEventSource',
      circuitBreaker?.pauseEventSource,
      'there is no event source, and a task pauses itself. Leave it out',
    ],
  ];
  return given
    .filter(([, value]) => value !== undefined)
    .map(([path, , reason]) => `${path} must not be set with Host.fargate(): ${reason}`);
}
