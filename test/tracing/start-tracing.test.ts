import { context, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { flushSpans } from '../../lib/lambda/flush-spans.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { startTracing } from '../../lib/tracing/start-tracing.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { RecordedSpans, unregister } from '../support/recorded-spans.ts';

let receiver: OtlpReceiver;

beforeEach(async () => {
  receiver = await new OtlpReceiver().start();
});
afterEach(async () => {
  unregister();
  vi.unstubAllEnvs();
  await receiver[Symbol.asyncDispose]();
});

/** Starts tracing in an environment, makes a span and sends it. @returns the lines that were logged */
async function trySpan(target: 'otlp' | 'xray', variables: Readonly<Record<string, string>>) {
  // OpenTelemetry's SDK reads the environment by itself.
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  startTracing(target, 'orders', process.env);
  trace.getTracer('test').startActiveSpan('outer', (outer) => {
    trace
      .getTracer('test')
      .startSpan('inner', { attributes: { count: 3, share: 0.5, is: true } })
      .end();
    outer.end();
  });
  const logger = new CollectingLogger();
  await flushSpans(logger, 60_000);
  return logger.lines;
}

describe('to an OTLP endpoint', () => {
  test('spans arrive, with the context active while they run', async () => {
    const lines = await trySpan('otlp', {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b',
      AWS_LAMBDA_FUNCTION_NAME: 'processor',
    });
    expect(lines).toEqual([]);
    expect(receiver.calls).toMatchObject([
      {
        method: 'POST',
        url: '/v1/traces',
        headers: { 'content-type': 'application/x-protobuf', 'api-key': 'a b' },
      },
    ]);
    const [inner, outer] = receiver.spans;
    expect(inner).toMatchObject({
      name: 'inner',
      traceId: outer?.traceId,
      parentSpanId: outer?.spanId,
      attributes: { count: 3, share: 0.5, is: true },
      resource: { 'service.name': 'orders', 'faas.name': 'processor' },
    });
  });

  test('variables decide what resource it is, and what is sampled', async () => {
    await trySpan('otlp', {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'named',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    expect(receiver.spans[0]?.resource).toMatchObject({
      'service.name': 'named',
      'deployment.environment.name': 'test',
    });
    unregister();
    await trySpan('otlp', {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    expect(receiver.spans).toHaveLength(2);
  });

  test('a refusal is logged', async () => {
    receiver.script = (_, response) => void response.writeHead(403).end('forbidden');
    expect(await trySpan('otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })).toMatchObject([
      { level: 'warn', message: 'Spans could not be sent' },
    ]);
  });
});

test.each(['true', ' TRUE '])('OTEL_SDK_DISABLED=%j turns it off', async (OTEL_SDK_DISABLED) => {
  await trySpan('otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED });
  expect(receiver.calls).toEqual([]);
});

test('an SDK that is registered stays the only one', async () => {
  const own = new RecordedSpans();
  await trySpan('otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  expect(own.all.map(({ name }) => name)).toEqual(['inner', 'outer']);
  expect(receiver.calls).toEqual([]);
});

describe('to X-Ray', () => {
  const CREDENTIALS = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
  };

  test('spans arrive, and their request is signed', async () => {
    const lines = await trySpan('xray', {
      ...CREDENTIALS,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    });
    expect(lines).toEqual([]);
    expect(receiver.spans.map(({ name }) => name)).toEqual(['inner', 'outer']);
    expect(receiver.calls).toMatchObject([
      {
        url: '/v1/traces',
        headers: {
          'content-type': 'application/x-protobuf',
          'x-amz-security-token': 'token',
          authorization: expect.stringMatching(
            /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/xray\/aws4_request, SignedHeaders=content-type;host;/,
          ),
        },
      },
    ]);
  });

  test('a refusal is logged with its reason', async () => {
    receiver.script = (_, response) =>
      void response.writeHead(400).end('{"message":"The OTLP API is supported with CloudWatch Logs"}');
    const lines = await trySpan('xray', {
      ...CREDENTIALS,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    });
    expect(lines).toMatchObject([
      {
        fields: {
          error: { message: expect.stringContaining('answered 400: {"message":"The OTLP API is supported') },
        },
      },
    ]);
  });

  test.each([
    ['eu-central-1', 'https://xray.eu-central-1.amazonaws.com/v1/traces'],
    ['cn-north-1', 'https://xray.cn-north-1.amazonaws.com.cn/v1/traces'],
  ])('the endpoint of %s', async (AWS_REGION, url) => {
    const fetch = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
    onTestFinished(() => fetch.mockRestore());
    await trySpan('xray', { ...CREDENTIALS, AWS_REGION });
    expect(String(fetch.mock.calls[0]?.[0])).toBe(url);
  });
});

test('what isn’t traced is in no context', () => {
  expect(trace.getSpanContext(context.active())).toBeUndefined();
});
