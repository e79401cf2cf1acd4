import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import { afterEach, expect, test, vi } from 'vitest';
import { resource, resources, serviceInApp } from './service-in-app.ts';

const VERSION = 'AWS::Lambda::Version';
const ALIAS = 'AWS::Lambda::Alias';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const GROUP = 'AWS::CodeDeploy::DeploymentGroup';
const ALARM = 'AWS::CloudWatch::Alarm';

afterEach(() => void vi.unstubAllEnvs());

test('without the prop, the mapping calls the function itself, and there are no versions', () => {
  const { service, template } = serviceInApp();
  const types = new Set(resources(template()).map(({ type }) => type));
  expect([VERSION, ALIAS, GROUP].filter((type) => types.has(type))).toEqual([]);
  expect(service.release).toBeUndefined();
  const { id } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor');
  expect(resource(template(), MAPPING, 'ServiceProcessor').properties.FunctionName).toEqual({ Ref: id });
});

test('the mapping calls the alias, and keeps its id when releases are turned on', () => {
  const template = serviceInApp({ release: {} }).template();
  const mapping = resource(template, MAPPING, 'ServiceProcessor');
  const { id } = resource(template, ALIAS);
  const named = mapping.properties.FunctionName['Fn::Join'][1];
  expect(named).toEqual([{ 'Fn::Select': [6, { 'Fn::Split': [':', { Ref: id }] }] }, ':live']);
  expect(mapping.id).toBe(resource(serviceInApp().template(), MAPPING, 'ServiceProcessor').id);
});

test('an old version is kept, but not that of a deployment that failed', () => {
  const { Resources } = serviceInApp({ release: {} }).template().toJSON();
  const [version] = Object.values<Record<string, unknown>>(Resources).filter(({ Type }) => Type === VERSION);
  expect(version).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
});

test('traffic moves by CodeDeploy, back after a failure, a stop or an alarm on the new version', () => {
  const template = serviceInApp({ release: {} }).template();
  const { properties } = resource(template, GROUP);
  const alarms = [resource(template, ALARM, 'ServiceProcessorReleaseErrors')];
  alarms.push(resource(template, ALARM, 'ServiceProcessorReleaseSuccessRate'));
  expect(properties).toMatchObject({
    DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
    AlarmConfiguration: { Enabled: true, Alarms: alarms.map(({ id }) => ({ Name: { Ref: id } })) },
    AutoRollbackConfiguration: {
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
    },
  });
  const alias = template.toJSON().Resources[resource(template, ALIAS).id];
  expect(alias.UpdatePolicy.CodeDeployLambdaAliasUpdate).toBeDefined();
  expect(alias.DependsOn).toEqual(alarms.map(({ id }) => id));
});

test('the alarm on errors watches the new version only', () => {
  const template = serviceInApp({ release: {} }).template();
  const { id: fn } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor');
  const { id: version } = resource(template, VERSION);
  expect(resource(template, ALARM, 'ServiceProcessorReleaseErrors').properties).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [
      { Name: 'ExecutedVersion', Value: { 'Fn::GetAtt': [version, 'Version'] } },
      { Name: 'FunctionName', Value: { Ref: fn } },
      { Name: 'Resource', Value: { 'Fn::Join': ['', [{ Ref: fn }, ':live']] } },
    ],
    Threshold: 1,
    TreatMissingData: 'notBreaching',
  });
});

test('the alarm on the success rate watches the attempts of the new version', () => {
  const template = serviceInApp({ release: { minSuccessRate: 90 } }).template();
  const { id: version } = resource(template, VERSION);
  const { Metrics, ...alarm } = resource(template, ALARM, 'ServiceProcessorReleaseSuccessRate').properties;
  expect(alarm).toMatchObject({ Threshold: 90, ComparisonOperator: 'LessThanThreshold' });
  const [expression, ...counts] = Metrics;
  expect(expression.Expression).toBe(
    'IF(succeeded + failed + retried >= 10, 100 * succeeded / (succeeded + failed + retried), 100)',
  );
  for (const { MetricStat } of counts) {
    expect(MetricStat.Metric.Dimensions).toEqual([
      { Name: 'service', Value: 'Stack/Service' },
      { Name: 'version', Value: { 'Fn::GetAtt': [version, 'Version'] } },
    ]);
  }
});

test('without metrics, only errors roll back', () => {
  const { service } = serviceInApp({ release: {}, observability: { metrics: false } });
  expect(service.release?.alarms.map(({ node }) => node.id)).toEqual(['Errors']);
});

test('another way to move traffic, and alarms of the app', () => {
  const { service, stack, template } = serviceInApp({
    release: { traffic: LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE },
  });
  const own = new Alarm(stack, 'Own', {
    metric: service.metric('Wait'),
    threshold: 1,
    evaluationPeriods: 1,
  });
  service.release?.deployments?.addAlarm(own);
  const { properties } = resource(template(), GROUP);
  expect(properties.DeploymentConfigName).toBe('CodeDeployDefault.LambdaLinear10PercentEvery1Minute');
  expect(properties.AlarmConfiguration.Alarms).toHaveLength(3);
});

test('the alarms are the service’s, and are in its outputs’ reach', () => {
  const { service, template } = serviceInApp({ release: {} });
  const release = service.release?.alarms ?? [];
  expect(release).toHaveLength(2);
  expect(service.alarms).toEqual(expect.arrayContaining([...release]));
  const outputs = Object.keys(template().toJSON().Outputs);
  for (const name of ['ReleaseAliasName', 'ReleaseApplicationName', 'ReleaseDeploymentGroupName']) {
    expect(outputs.some((output) => output.includes(name))).toBe(true);
  }
});

test('on an emulator, all traffic moves at once', () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566');
  const { service, template } = serviceInApp({ release: {} });
  expect(service.release?.deployments).toBeUndefined();
  expect(resources(template()).filter(({ type }) => type.startsWith('AWS::CodeDeploy'))).toEqual([]);
  expect(resource(template(), ALIAS).properties.Name).toBe('live');
});
