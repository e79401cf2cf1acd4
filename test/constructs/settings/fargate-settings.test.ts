import { Duration, Size, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { describe, expect, it, test } from 'vitest';
import { type AsyncServiceProps, type FargateProps, Host } from '../../../lib/constructs/index.ts';
import { fargateProblems } from '../../../lib/constructs/settings/fargate-settings.ts';
import { ENTRY, emptyApp, serviceInApp } from '../service-in-app.ts';

const stack = new Stack(emptyApp(), 'Network');
const vpc = new Vpc(stack, 'Vpc');
const cluster = new Cluster(stack, 'Cluster', { vpc });
const image = ContainerImage.fromRegistry('example');
const { seconds, minutes } = Duration;

function problemsOf(fargate: Partial<FargateProps> = {}, props: Partial<AsyncServiceProps> = {}): string[] {
  return fargateProblems({ entry: ENTRY, host: Host.fargate({ vpc, ...fargate }), ...props });
}

test('without a problem, there is none', () => {
  expect(problemsOf()).toEqual([]);
  expect(problemsOf({ vpc: undefined, cluster })).toEqual([]);
  expect(fargateProblems({ entry: ENTRY, queue: { batchSize: 1 } })).toEqual([]);
});

test('a construct reports all problems together', () => {
  expect(() =>
    serviceInApp({ entry: 'missing.ts', host: Host.fargate({ maxTasks: 0 }), queue: { batchSize: 5 } }),
  ).toThrow(/entry must be an existing.*host\.maxTasks must be.*host must have.*queue\.batchSize must not/s);
});

describe('a number out of range', () => {
  it.each<[Partial<FargateProps>, string]>([
    [{ concurrency: 0 }, 'host.concurrency must be a whole number of requests from 1 to 400, got 0'],
    [{ minTasks: -1 }, 'host.minTasks must be a whole number of tasks from 0 to 5000, got -1'],
    [{ maxTasks: 1.5 }, 'host.maxTasks must be a whole number of tasks from 1 to 5000, got 1.5'],
    [
      { targetWait: seconds(59) },
      'host.targetWait must be a whole number of seconds from 60 to 86400, got 59',
    ],
    [
      { stopTimeout: minutes(3) },
      'host.stopTimeout must be a whole number of seconds from 10 to 120, got 180',
    ],
    [{ minTasks: 11 }, 'host.maxTasks must be at least host.minTasks, which is 11, got 10'],
    [{ cpu: 1_000 }, 'host.cpu must be one of 256, 512, 1024, 2048, 4096, 8192, 16384, got 1000'],
    [
      { cpu: 256, memoryLimitMiB: 4_096 },
      'host.memoryLimitMiB must be one of 512, 1024, 2048 for a host.cpu of 256, got 4096',
    ],
    [
      { memoryLimitMiB: 2_500 },
      'host.memoryLimitMiB must be a multiple of 1024 from 2048 to 8192 for a host.cpu of 1024, got 2500',
    ],
    [
      { cpu: 8_192, memoryLimitMiB: 20_000 },
      'host.memoryLimitMiB must be a multiple of 4096 from 16384 to 61440 for a host.cpu of 8192, got 20000',
    ],
  ])('%j', (fargate, problem) => {
    expect(problemsOf(fargate)).toEqual([problem]);
  });
});

it('wants either a VPC or a cluster', () => {
  expect(problemsOf({ cluster })).toEqual(['host must have either a vpc or a cluster, got both']);
  expect(problemsOf({ vpc: undefined })).toEqual(['host must have either a vpc or a cluster, got neither']);
});

describe('what only Lambda has', () => {
  it.each<[Partial<AsyncServiceProps>, string]>([
    [
      { queue: { batchSize: 10 } },
      'queue.batchSize must not be set with Host.fargate(): a task takes single messages',
    ],
    [{ queue: { batchWindow: seconds(1) } }, 'queue.batchWindow must not be set with Host.fargate()'],
    [
      { queue: { maxConcurrency: 10 } },
      'queue.maxConcurrency must not be set with Host.fargate(): there are no batches. Use host.maxTasks',
    ],
    [
      { queue: { visibilityTimeout: minutes(5) } },
      'queue.visibilityTimeout must not be set with Host.fargate()',
    ],
    [
      { function: { memoryMiB: 512 } },
      'function.memoryMiB must not be set with Host.fargate(): there is no function. Use host.memoryLimitMiB',
    ],
    [
      { function: { timeout: minutes(5) } },
      'function.timeout must not be set with Host.fargate(): a request may take as long as it needs',
    ],
    [
      { function: { requestConcurrency: 5 } },
      'function.requestConcurrency must not be set with Host.fargate()',
    ],
    [
      { function: { reservedConcurrency: 500 } },
      'function.reservedConcurrency must not be set with Host.fargate()',
    ],
    [
      { function: { ephemeralStorage: Size.gibibytes(1) } },
      'function.ephemeralStorage must not be set with Host.fargate()',
    ],
    [{ function: { layers: [] } }, 'function.layers must not be set with Host.fargate()'],
    [
      { function: { bundling: { format: OutputFormat.CJS } } },
      'function.bundling.format must not be set with Host.fargate()',
    ],
    [
      { function: { bundling: { preCompilation: true } } },
      'function.bundling.preCompilation must not be set with Host.fargate()',
    ],
    [{ release: {} }, 'release must not be set with Host.fargate()'],
    [
      { queue: { pollers: { min: 2, max: 4 } } },
      'queue.pollers must not be set with Host.fargate(): each task polls the queue itself',
    ],
    [
      { circuitBreaker: { pauseEventSource: false } },
      'circuitBreaker.pauseEventSource must not be set with Host.fargate()',
    ],
  ])('%j', (props, problem) => {
    const [found, ...others] = problemsOf({}, props);
    expect(found?.startsWith(problem)).toBe(true);
    expect(others).toEqual([]);
  });
});

describe('a container that requests are forwarded to', () => {
  const forwardTo = { image, port: 8_000 };

  it('stands for the entry', () => {
    expect(problemsOf({ forwardTo }, { entry: undefined })).toEqual([]);
    expect(problemsOf({ forwardTo }, { handler: 'main' })).toEqual([
      'entry must not be set with host.forwardTo: the container handles the requests',
      'handler must not be set with host.forwardTo: the container handles the requests',
    ]);
    expect(() => serviceInApp({ entry: undefined, host: Host.fargate({ vpc }) })).toThrow(
      'entry must be set, got nothing',
    );
    expect(() => serviceInApp({ entry: undefined })).toThrow('entry must be set, got nothing');
  });

  it.each([
    [{ port: 0 }, 'host.forwardTo.port must be a whole number from 1 to 65535, got 0'],
    [{ path: 'process' }, 'host.forwardTo.path must begin with a slash, got "process"'],
    [{ readyPath: 'health' }, 'host.forwardTo.readyPath must begin with a slash, got "health"'],
  ])('is checked: %j', (more, problem) => {
    expect(problemsOf({ forwardTo: { ...forwardTo, ...more } }, { entry: undefined })).toEqual([problem]);
  });
});
