import { Duration, Stack } from 'aws-cdk-lib';
import { Port, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerImage, Secret as ContainerSecret } from 'aws-cdk-lib/aws-ecs';
import { ApplicationLogLevel, Architecture } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { Host, Tracing } from '../../../lib/constructs/index.ts';
import { readTaskEnvironment } from '../../../lib/core/config/task-environment.ts';
import { nagFindingsIn, nagIt } from '../nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from '../service-in-app.ts';
import { serviceOnFargate } from './service-on-fargate.ts';

type Template = ReturnType<ReturnType<typeof serviceInApp>['template']>;

interface Container {
  readonly Name: string;
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly [member: string]: unknown;
}

function taskOf(template: Template) {
  return resource(template, 'AWS::ECS::TaskDefinition').properties;
}

function containerOf(template: Template, name = 'Worker'): Container {
  const found = taskOf(template).ContainerDefinitions.find(({ Name }: Container) => Name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
}

/** The variables of a container, with references as text. */
function variablesOf(template: Template, name?: string): Record<string, string> {
  const variables = containerOf(template, name).Environment;
  return Object.fromEntries(variables.map(({ Name, Value }) => [Name, String(readable(Value))]));
}

describe('with only a VPC', () => {
  const { template, service } = serviceOnFargate();

  it('has an ECS service instead of functions for processing and pausing', () => {
    const types = new Set(resources(template()).map(({ type }) => type));
    expect(types).toContain('AWS::ECS::Service');
    expect(types).not.toContain('AWS::Lambda::EventSourceMapping');
    const functions = resources(template()).filter(({ type }) => type === 'AWS::Lambda::Function');
    expect(functions).toEqual([]);
    expect(resources(template()).filter(({ id }) => id.startsWith('ServicePauses'))).toEqual([]);
  });

  it('runs a task of one vCPU for arm64 in private subnets', () => {
    expect(taskOf(template())).toMatchObject({
      Cpu: '1024',
      Memory: '2048',
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
    const { properties } = resource(template(), 'AWS::ECS::Service');
    expect(properties).toMatchObject({
      LaunchType: 'FARGATE',
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
    });
    // The scaling sets it.
    expect(properties).not.toHaveProperty('DesiredCount');
  });

  it('gives the worker the variables that it reads, the time to stop and an init process', () => {
    const container = containerOf(template());
    expect(container).toMatchObject({
      Essential: true,
      StopTimeout: 120,
      LinuxParameters: { InitProcessEnabled: true },
      LogConfiguration: { LogDriver: 'awslogs' },
    });
    const variables = variablesOf(template());
    expect(variables).toMatchObject({
      POWERTOOLS_LOG_LEVEL: 'INFO',
      POWERTOOLS_SERVICE_NAME: 'Stack/Service',
      AWS_REGION: '<AWS::Region>',
    });
    const { id } = resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue');
    expect(readTaskEnvironment(variables)).toMatchObject({
      serviceName: 'Stack/Service',
      inputQueueUrl: `<${id}>`,
      highInputQueueUrl: '',
      lowInputQueueUrl: '',
      graceSeconds: 115,
      concurrency: 10,
      pauseQueueUrl: '',
      webhookQueueUrl: '',
      metrics: true,
    });
  });

  it('allows a task what the function is allowed, and to protect itself, but no logs', () => {
    const actionsOf = (from: Template) =>
      resources(from)
        .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith('ServiceProcessorRole'))
        .flatMap(({ properties }) => properties.PolicyDocument.Statement)
        .flatMap(({ Action }) => Action);
    const inLambda = actionsOf(serviceInApp().template());
    const expected = inLambda.filter((action) => !action.startsWith('logs:'));
    expect(actionsOf(template()).sort()).toEqual([...expected, 'ecs:UpdateTaskProtection'].sort());
    expect(resource(template(), 'AWS::IAM::Role', 'ServiceProcessorRole').properties).toMatchObject({
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'ecs-tasks.amazonaws.com' } }] },
    });
  });

  it('keeps logs as long as a function does', () => {
    expect(resource(template(), 'AWS::Logs::LogGroup', 'ServiceProcessor').properties).toEqual({
      RetentionInDays: 30,
    });
  });

  nagIt('has no findings of cdk-nag about the service', () => {
    const findings = nagFindingsIn(serviceOnFargate().stack);
    // The VPC is that of the test.
    expect(findings.filter((name) => !name.startsWith('AwsSolutions-VPC'))).toEqual([]);
  });

  it('rejects what only Lambda has, and says what to use', () => {
    expect(() => service.processorFunction).toThrow(
      'The host of Stack/Service is Fargate, which has no Lambda function. Use processor or fargateService',
    );
    expect(() => service.eventSource).toThrow('which has no event source mapping. Set the desired count');
    for (const metric of [
      'metricInvocations',
      'metricErrors',
      'metricThrottles',
      'metricDuration',
    ] as const) {
      expect(() => service[metric]()).toThrow('The host of Stack/Service is Fargate');
    }
  });
});

it('Lambda has no ECS service', () => {
  const { service } = serviceInApp({ host: Host.lambda() });
  expect(() => service.fargateService).toThrow(
    'Stack/Service has no ECS service, because its host is Lambda: set host to Host.fargate(…)',
  );
  expect(service.processorFunction.functionName).toBeDefined();
});

it('applies its props', () => {
  const { template, service } = serviceOnFargate(
    {
      cpu: 4_096,
      memoryLimitMiB: 16_384,
      concurrency: 3,
      spot: true,
      stopTimeout: Duration.seconds(60),
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
    },
    {
      function: { environment: { MODEL: 'small' }, architecture: Architecture.X86_64 },
      observability: {
        logLevel: ApplicationLogLevel.FATAL,
        logRetention: RetentionDays.ONE_DAY,
        tracing: Tracing.xray(),
      },
      webhooks: {},
      retry: { maxAttempts: 7 },
    },
  );
  expect(taskOf(template())).toMatchObject({
    Cpu: '4096',
    Memory: '16384',
    RuntimePlatform: { CpuArchitecture: 'X86_64' },
  });
  expect(containerOf(template()).StopTimeout).toBe(60);
  const variables = variablesOf(template());
  expect(variables).toMatchObject({ MODEL: 'small', POWERTOOLS_LOG_LEVEL: 'CRITICAL' });
  expect(readTaskEnvironment(variables)).toMatchObject({
    concurrency: 3,
    graceSeconds: 55,
    maxAttempts: 7,
    tracing: 'xray',
    webhookQueueUrl: `<${resource(template(), 'AWS::SQS::Queue', 'ServiceWebhooksDeliveriesQueue').id}>`,
  });
  const { properties } = resource(template(), 'AWS::ECS::Service');
  expect(properties.CapacityProviderStrategy).toEqual([{ CapacityProvider: 'FARGATE_SPOT', Weight: 1 }]);
  expect(properties.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp).toBe('ENABLED');
  expect(resource(template(), 'AWS::Logs::LogGroup', 'ServiceProcessor').properties.RetentionInDays).toBe(1);
  const [policy] = resources(template()).filter(({ id }) => id.startsWith('ServiceProcessorRoleTracing'));
  expect(policy?.properties.PolicyDocument.Statement).toMatchObject([
    { Action: ['xray:PutSpans', 'xray:PutSpansForIndexing'], Resource: '*' },
  ]);
  expect(service.fargateService.taskDefinition.defaultContainer?.containerName).toBe('Worker');
});

it('uses an existing cluster', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const cluster = new Cluster(stack, 'Shared', { vpc: new Vpc(stack, 'Vpc') });
  const { template } = serviceIn(stack, { host: Host.fargate({ cluster }) });
  expect(readable(resource(template(), 'AWS::ECS::Service').properties.Cluster)).toBe(
    `<${resource(template(), 'AWS::ECS::Cluster', 'Shared').id}>`,
  );
});

it('takes grants and connections on both hosts', () => {
  const { stack, service, vpc, template } = serviceOnFargate();
  const bucket = new Bucket(stack, 'Models');
  bucket.grantRead(service.processor);
  const { connections } = new Cluster(stack, 'Other', { vpc });
  service.processor.connections.allowTo(connections, Port.tcp(5_432));
  const [policy] = resources(template()).filter(
    ({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith('ServiceProcessorRole'),
  );
  expect(JSON.stringify(policy)).toContain(resource(template(), 'AWS::S3::Bucket', 'Models').id);
  const onLambda = serviceInApp();
  new Bucket(onLambda.stack, 'Models').grantRead(onLambda.service.processor);
  expect(JSON.stringify(onLambda.template().toJSON())).toContain('s3:GetBucket*');
});

describe('with a container that requests are forwarded to', () => {
  const build = (more = {}) => {
    const stack = new Stack(emptyApp(), 'Stack');
    const secret = new Secret(stack, 'Key');
    return serviceOnFargate(
      {
        forwardTo: {
          image: ContainerImage.fromRegistry('ghcr.io/example/model:1'),
          port: 8_000,
          environment: { MODEL: 'small' },
          secrets: { KEY: ContainerSecret.fromSecretsManager(secret) },
          ...more,
        },
      },
      { entry: undefined },
      stack,
    );
  };

  it('runs it beside the worker, which stops first', () => {
    const { template } = build();
    expect(containerOf(template(), 'Service')).toMatchObject({
      Image: 'ghcr.io/example/model:1',
      Essential: true,
      StopTimeout: 120,
      PortMappings: [{ ContainerPort: 8_000 }],
      Environment: [{ Name: 'MODEL', Value: 'small' }],
    });
    expect(JSON.stringify(containerOf(template(), 'Service').Secrets)).toContain('KEY');
    expect(containerOf(template()).DependsOn).toEqual([{ ContainerName: 'Service', Condition: 'START' }]);
    expect(variablesOf(template(), 'Service')).not.toHaveProperty('COATCHECK_INPUT_QUEUE_URL');
  });

  it('has no entry in its outputs', () => {
    const outputs = build().template().toJSON().Outputs;
    expect(Object.keys(outputs).filter((id) => id.includes('ProcessorEntry'))).toEqual([]);
    expect(Object.keys(outputs).filter((id) => id.includes('ProcessorLogGroupName'))).toHaveLength(1);
  });
});

it('alarms on memory instead of throttles, and graphs tasks instead of batches', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic', { enforceSSL: true });
  const { service, template } = serviceOnFargate(
    {},
    { observability: { dashboard: true, alarmTopic: topic } },
    stack,
  );
  expect(service.alarms.map(({ node }) => node.id)).toEqual([
    'DeadLetters',
    'OutputDeadLetters',
    'OldestRequest',
    'Memory',
    'SuccessRate',
  ]);
  expect(resource(template(), 'AWS::CloudWatch::Alarm', 'ServiceAlarmsMemory').properties).toMatchObject({
    Namespace: 'AWS/ECS',
    MetricName: 'MemoryUtilization',
    Threshold: 90,
    EvaluationPeriods: 3,
  });
  const dashboard = JSON.stringify(resource(template(), 'AWS::CloudWatch::Dashboard').properties);
  expect(dashboard).toContain('Running tasks');
  expect(dashboard).toContain('SlotTime');
  expect(dashboard).not.toContain('AWS/Lambda');
});

it('the API assumes the slots of tasks', () => {
  const { template } = serviceOnFargate({ maxTasks: 4, concurrency: 5 }, { api: {} });
  const { Variables } = resource(template(), 'AWS::Lambda::Function', 'ServiceApi').properties.Environment;
  expect(Variables).toMatchObject({ COATCHECK_FIRST_SLOTS: '5', COATCHECK_REACHABLE_SLOTS: '20' });
});

it('operators see the numbers of the tasks', () => {
  const { template } = serviceOnFargate({ maxTasks: 4, concurrency: 5 }, { api: {} });
  const { Variables } = resource(template(), 'AWS::Lambda::Function', 'ServiceApi').properties.Environment;
  const given: string = Variables.COATCHECK_GIVEN_NUMBERS;
  expect(given.split(' ')).toEqual(expect.arrayContaining(['concurrency=5', 'minTasks=0', 'maxTasks=4']));
});
