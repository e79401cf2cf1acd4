import { Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BatchFigures } from '../../lib/core/ports/telemetry.ts';
import { PowertoolsMetrics } from '../../lib/lambda/powertools-metrics.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(...String(text).trimEnd().split('\n'));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

/** The lines written for these figures. Nothing else writes to the standard output meanwhile. */
function linesOf(figures: Partial<BatchFigures>, version?: string) {
  const powertools = new Powertools({ namespace: 'Coatcheck', serviceName: 'Shop/Orders' });
  const ofVersion =
    version === undefined
      ? undefined
      : new Powertools({
          namespace: 'Coatcheck',
          serviceName: 'Shop/Orders',
          defaultDimensions: { version },
        });
  new PowertoolsMetrics(powertools, ofVersion).emit({
    counts: {},
    values: { Wait: [], ServiceTime: [], EndToEnd: [], BatchSize: [] },
    failures: new Map(),
    ...figures,
  });
  return lines.map((line) => JSON.parse(line));
}

test('a batch is a line of the embedded metric format', () => {
  const written = linesOf({
    counts: { Succeeded: 2, Failed: 0, Redelivered: 1 },
    values: { Wait: [12, 40], ServiceTime: [100.5, 7], EndToEnd: [150, 60], BatchSize: [3] },
  });
  expect(written).toEqual([
    {
      _aws: {
        Timestamp: NOW,
        CloudWatchMetrics: [
          {
            Namespace: 'Coatcheck',
            Dimensions: [['service']],
            Metrics: [
              { Name: 'Succeeded', Unit: 'Count' },
              { Name: 'Failed', Unit: 'Count' },
              { Name: 'Redelivered', Unit: 'Count' },
              { Name: 'Wait', Unit: 'Milliseconds' },
              { Name: 'ServiceTime', Unit: 'Milliseconds' },
              { Name: 'EndToEnd', Unit: 'Milliseconds' },
              { Name: 'BatchSize', Unit: 'Count' },
            ],
          },
        ],
      },
      service: 'Shop/Orders',
      Succeeded: 2,
      Failed: 0,
      Redelivered: 1,
      Wait: [12, 40],
      ServiceTime: [100.5, 7],
      EndToEnd: [150, 60],
      BatchSize: 3,
    },
  ]);
});

test('failures by code are in separate lines', () => {
  const [, ...byCode] = linesOf({
    counts: { Failed: 3 },
    failures: new Map([
      ['json_invalid', 2],
      ['handler', 1],
    ]),
  });
  const withCode = (code: string, Failed: number) => ({
    _aws: {
      Timestamp: NOW,
      CloudWatchMetrics: [
        {
          Namespace: 'Coatcheck',
          Dimensions: [['service', 'code']],
          Metrics: [{ Name: 'Failed', Unit: 'Count' }],
        },
      ],
    },
    service: 'Shop/Orders',
    code,
    Failed,
  });
  expect(byCode).toEqual([withCode('json_invalid', 2), withCode('handler', 1)]);
});

test('a large batch takes more lines: at most a hundred values each, none missing, and counts only once', () => {
  const values = Array.from({ length: 250 }, (_, index) => index);
  const written = linesOf({
    counts: { Succeeded: 250 },
    values: { Wait: values, ServiceTime: values, EndToEnd: values.slice(1), BatchSize: [250] },
  });
  const valuesOf = (name: string) => written.map((line) => line[name]).filter((value) => value !== undefined);
  const longest = ['Wait', 'ServiceTime', 'EndToEnd'].map((name) =>
    Math.max(...valuesOf(name).map((list) => [list].flat().length)),
  );
  expect(Math.max(...longest)).toBe(100);
  expect(valuesOf('Wait').flat()).toEqual(values);
  expect(valuesOf('ServiceTime').flat()).toEqual(values);
  expect(valuesOf('EndToEnd').flat()).toEqual(values.slice(1));
  expect(valuesOf('Succeeded')).toEqual([250]);
  expect(valuesOf('BatchSize')).toEqual([250]);
  expect(written.length).toBeLessThanOrEqual(5);
});

test('exactly a hundred values take one line, without a warning', () => {
  const warning = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const values = Array.from({ length: 100 }, () => 1);
  const written = linesOf({ values: { Wait: values, ServiceTime: [], EndToEnd: [], BatchSize: [] } });
  expect(written).toHaveLength(1);
  expect(warning).not.toHaveBeenCalled();
});

test('a gauge is a line with one value', () => {
  const powertools = new Powertools({ namespace: 'Coatcheck', serviceName: 'Shop/Orders' });
  new PowertoolsMetrics(powertools).gauge('SlotTime', 1_234.5);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      _aws: {
        Timestamp: NOW,
        CloudWatchMetrics: [
          {
            Namespace: 'Coatcheck',
            Dimensions: [['service']],
            Metrics: [{ Name: 'SlotTime', Unit: 'Milliseconds' }],
          },
        ],
      },
      service: 'Shop/Orders',
      SlotTime: 1_234.5,
    },
  ]);
});

test('a published version has a line with how its attempts ended', () => {
  const [, line] = linesOf({ counts: { Succeeded: 2, Failed: 0, Redelivered: 1, Retried: 1 } }, '42');
  expect(line).toMatchObject({ service: 'Shop/Orders', version: '42', Succeeded: 2, Failed: 0, Retried: 1 });
  expect(line).not.toHaveProperty('Redelivered');
  expect(line._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service', 'version']]);
});

test('a batch without ended attempts has no line for its version', () => {
  expect(linesOf({ counts: { Succeeded: 0, Failed: 0, Redelivered: 1 } }, '42')).toHaveLength(1);
});
