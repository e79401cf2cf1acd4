import { Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { type AsyncServiceProps, Host } from '../../lib/constructs/index.ts';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { readBreakerEnvironment } from '../../lib/core/config/breaker-environment.ts';
import { readEnvironment } from '../../lib/core/config/processor-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

describe('queues for other priorities', () => {
  const {
    service,
    stack,
    template: synthesize,
  } = serviceInApp({ queue: { lanes: {} }, api: { schedules: true } });
  service.grantSubmit(new Role(stack, 'Submitter', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  const template = synthesize();
  const idOf = (prefix: string) => resource(template, 'AWS::SQS::Queue', prefix).id;
  const [input, high, low] = [idOf('ServiceInputQueue'), idOf('ServiceHighInput'), idOf('ServiceLowInput')];

  const variablesOf = (name: string): Record<string, string> => {
    const { Environment } = resource(template, 'AWS::Lambda::Function', name).properties;
    return readable(Environment.Variables) as Record<string, string>;
  };

  const allowedIn = (name: string, action: string): unknown[] => {
    const { Statement } = resource(template, 'AWS::IAM::Policy', name).properties.PolicyDocument;
    const statements = readable(Statement) as { Action: string | string[]; Resource: string | string[] }[];
    return statements
      .filter(({ Action }) => [Action].flat().includes(action))
      .flatMap(({ Resource }) => Resource);
  };

  it('have the settings of the input queue, and its dead-letter queue', () => {
    const { RedrivePolicy, ...settings } = resource(template, 'AWS::SQS::Queue', input).properties;
    for (const lane of [high, low]) {
      expect(resource(template, 'AWS::SQS::Queue', lane).properties).toEqual({ RedrivePolicy, ...settings });
    }
  });

  it('have event sources of their own, with a concurrency of their own', () => {
    const mappings = resources(template).filter(
      ({ type, id }) => type === 'AWS::Lambda::EventSourceMapping' && id.startsWith('ServiceProcessor'),
    );
    const concurrencies = mappings.map(({ properties }) => [
      readable(properties.EventSourceArn),
      properties.ScalingConfig.MaximumConcurrency,
      properties.FunctionResponseTypes,
    ]);
    expect(concurrencies).toEqual([
      [`<${input}.Arn>`, 500, ['ReportBatchItemFailures']],
      [`<${high}.Arn>`, 100, ['ReportBatchItemFailures']],
      [`<${low}.Arn>`, 10, ['ReportBatchItemFailures']],
    ]);
    expect(readBreakerEnvironment(variablesOf('ServiceCircuitBreaker')).inputEventSources).toEqual(
      mappings.map(({ id }) => `<${id}>`),
    );
    expect(allowedIn('ServiceCircuitBreakerRole', 'lambda:UpdateEventSourceMapping')).toHaveLength(3);
  });

  it('are received from by the processor, and sent to by the API, the scheduler and submitters', () => {
    const urls = { highInputQueueUrl: `<${high}>`, lowInputQueueUrl: `<${low}>` };
    expect(readEnvironment(variablesOf('ServiceProcessor'))).toMatchObject(urls);
    expect(readApiEnvironment(variablesOf('ServiceApiFunction'))).toMatchObject(urls);
    const queues = [input, high, low].map((id) => `<${id}.Arn>`);
    expect(allowedIn('ServiceProcessorRole', 'sqs:ReceiveMessage')).toEqual(expect.arrayContaining(queues));
    for (const role of ['ServiceApiFunctionRole', 'ServiceApiSchedulesRole', 'SubmitterDefaultPolicy']) {
      expect(allowedIn(role, 'sqs:SendMessage')).toEqual(expect.arrayContaining(queues));
    }
  });

  it('have alarms on long waits, and outputs', () => {
    const alarmed = service.alarms.map(({ node }) => node.id);
    expect(alarmed).toEqual(
      expect.arrayContaining(['OldestRequest', 'OldestHighRequest', 'OldestLowRequest']),
    );
    const outputs = Object.keys(template.toJSON().Outputs);
    expect(outputs.filter((id) => /(High|Low)InputQueueUrl/.test(id))).toHaveLength(2);
    expect(service.lanes?.high.queueArn).toBeDefined();
  });

  it('are off by default', () => {
    const off = serviceInApp({ api: {} });
    expect(off.service.lanes).toBeUndefined();
    expect(resources(off.template()).filter(({ id }) => /(High|Low)Input/.test(id))).toEqual([]);
  });
});

describe('queues for other priorities are refused', () => {
  const problemsOf = (props: (stack: Stack) => Partial<AsyncServiceProps>) => () => {
    const stack = new Stack(emptyApp(), 'Stack');
    return serviceIn(stack, props(stack));
  };

  it('with order', () => {
    expect(problemsOf(() => ({ order: 'fifo', queue: { lanes: {} } }))).toThrow(
      "queue.lanes must not be set with order: 'fifo', got both",
    );
  });

  it('on Fargate', () => {
    const host = (stack: Stack) => Host.fargate({ vpc: new Vpc(stack, 'Vpc') });
    expect(problemsOf((stack) => ({ host: host(stack), queue: { lanes: {} } }))).toThrow(
      'queue.lanes must not be set on Fargate, got both: tasks are scaled by one queue. Use Host.lambda()',
    );
  });

  it('with an existing input queue', () => {
    const existing = (stack: Stack) => {
      const queue = new Queue(stack, 'Letters');
      return new Queue(stack, 'Existing', { deadLetterQueue: { queue, maxReceiveCount: 100 } });
    };
    expect(problemsOf((stack) => ({ queue: { queue: existing(stack), lanes: {} } }))).toThrow(
      'queue.lanes must not be set with an existing queue.queue, got Stack/Existing',
    );
  });

  it('with numbers out of range, or above what the function reserves', () => {
    expect(problemsOf(() => ({ queue: { lanes: { lowMaxConcurrency: 1 } } }))).toThrow(
      'queue.lanes.lowMaxConcurrency must be',
    );
    const reserved = { function: { reservedConcurrency: 500 }, queue: { lanes: {} } };
    expect(problemsOf(() => reserved)).toThrow(
      'function.reservedConcurrency must be at least 610 invocations (queue.maxConcurrency + those of queue.lanes)',
    );
  });

  it('for a processor behind another', () => {
    const { service } = serviceInApp({ topics: ['images.*'] });
    const props = {
      entry: 'test/constructs/fixtures/processor.ts',
      topics: ['reports'],
      queue: { lanes: {} },
    };
    expect(() => service.addProcessor('Reports', props)).toThrow('queue.lanes must be left out');
  });
});

nagIt('queues for other priorities have no findings, with a key or without', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true });
  serviceIn(stack, { api: {}, queue: { lanes: {} }, encryptionKey });
  expect(nagFindingsIn(stack)).toEqual([]);
});
