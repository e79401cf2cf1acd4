import { trace } from '@opentelemetry/api';
import { BatchSpanProcessor, InMemorySpanExporter, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, onTestFinished, test } from 'vitest';
import { flushSpans } from '../../lib/lambda/flush-spans.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { unregister } from '../support/recorded-spans.ts';

const FAILED = 1;

/** Registers an SDK that keeps its spans until it is flushed, and makes a span. */
function recordSpan(exporter: ConstructorParameters<typeof BatchSpanProcessor>[0]): void {
  new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }).register();
  onTestFinished(unregister);
  trace.getTracer('test').startSpan('made').end();
}

test('sends what the registered SDK has recorded', async () => {
  const exporter = new InMemorySpanExporter();
  recordSpan(exporter);
  const logger = new CollectingLogger();
  await flushSpans(logger, 60_000);
  expect(exporter.getFinishedSpans()).toMatchObject([{ name: 'made' }]);
  expect(logger.lines).toEqual([]);
});

test('without an SDK there is nothing to do', async () => {
  const logger = new CollectingLogger();
  await flushSpans(logger, 60_000);
  expect(logger.lines).toEqual([]);
});

test('a provider that can’t flush is left alone', async () => {
  const logger = new CollectingLogger();
  const tracer = trace.getTracer('none');
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  onTestFinished(unregister);
  await flushSpans(logger, 60_000);
  expect(logger.lines).toEqual([]);
});

test('what can’t be sent is logged', async () => {
  recordSpan({
    export: (_, report) => report({ code: FAILED, error: new Error('connect ECONNREFUSED') }),
    shutdown: async () => {},
  });
  const logger = new CollectingLogger();
  await flushSpans(logger, 60_000);
  expect(logger.lines).toMatchObject([
    {
      level: 'warn',
      message: 'Spans could not be sent',
      fields: { error: { message: 'connect ECONNREFUSED' } },
    },
  ]);
});

test('a backend that never answers doesn’t use up the invocation’s time', async () => {
  recordSpan({ export: () => {}, shutdown: async () => {} });
  const logger = new CollectingLogger();
  await flushSpans(logger, 110);
  expect(logger.lines).toMatchObject([
    { fields: { error: { message: "the backend didn't answer within 10 ms" } } },
  ]);
});

test('without time left spans wait for the next flush', async () => {
  const exporter = new InMemorySpanExporter();
  recordSpan(exporter);
  const logger = new CollectingLogger();
  await flushSpans(logger, 100);
  expect(exporter.getFinishedSpans()).toEqual([]);
  await flushSpans(logger, 60_000);
  expect(exporter.getFinishedSpans()).toMatchObject([{ name: 'made' }]);
});
