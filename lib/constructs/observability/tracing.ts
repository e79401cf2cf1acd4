import { Token } from 'aws-cdk-lib';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { TraceTarget } from '../../core/config/settings.ts';
import { assertOptions, concealed, NUMBER, objectOf, recordOf, TEXT } from '../../core/config/shape.ts';

/** An OTLP endpoint that receives spans. */
export interface OtlpTracingOptions {
  /**
   * The base URL, to which `/v1/traces` is appended: OTLP over HTTP in protobuf.
   * @default - `http://localhost:4318`, where an OpenTelemetry Collector listens that you add as a Lambda layer
   */
  readonly endpoint?: string;

  /**
   * Headers of every export, such as an API key. They become an environment variable, which everyone can read who may
   * look at the function: a value from a secret store is safer in a collector.
   * @default - none
   */
  readonly headers?: Readonly<Record<string, string>>;

  /**
   * Share of the traces to record that begin in the service: 0 to 1. In all others the decision of the caller holds.
   * @default 1
   */
  readonly sampleRatio?: number;
}

/** Headers often have secrets. */
const OTLP_OPTIONS = objectOf<OtlpTracingOptions>({
  endpoint: TEXT,
  headers: concealed(recordOf(TEXT)),
  sampleRatio: NUMBER,
});

/** Decides where the functions of an `AsyncService` send their OpenTelemetry spans. */
export class Tracing {
  /**
   * To X-Ray's OTLP endpoint in the region of the stack. The account needs CloudWatch Transaction Search. Lambda's active
   * tracing is turned on: X-Ray decides what it samples, and its own segments are part of the traces.
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html
   */
  static xray(): Tracing {
    return new Tracing('xray', {});
  }

  /**
   * To any backend or collector that takes OTLP over HTTP.
   * @throws ConfigurationError
   */
  static otlp(options: OtlpTracingOptions = {}): Tracing {
    assertOptions('Tracing.otlp()', options, OTLP_OPTIONS);
    const { endpoint, headers = {}, sampleRatio } = options;
    assertEndpoint(endpoint);
    assertSampleRatio(sampleRatio);
    const pairs = Object.entries(headers).map(([name, value]) => `${name}=${encoded(value)}`);
    return new Tracing('otlp', {
      ...(endpoint !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
      ...(pairs.length > 0 && { OTEL_EXPORTER_OTLP_HEADERS: pairs.join(',') }),
      ...(sampleRatio !== undefined && {
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: String(sampleRatio),
      }),
    });
  }

  /** What the functions are configured with. */
  readonly target: Exclude<TraceTarget, 'off'>;

  /** The environment variables of OpenTelemetry's SDK. */
  readonly variables: Readonly<Record<string, string>>;

  private constructor(target: Tracing['target'], variables: Tracing['variables']) {
    this.target = target;
    this.variables = variables;
  }
}

/** @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
function encoded(value: string): string {
  return Token.isUnresolved(value) ? value : encodeURIComponent(value);
}

function assertEndpoint(endpoint: string | undefined): void {
  if (endpoint === undefined || Token.isUnresolved(endpoint)) return;
  if (/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) return;
  throw new ConfigurationError(
    `Tracing.otlp(): endpoint must be an http or https URL, got ${JSON.stringify(endpoint)}`,
  );
}

function assertSampleRatio(ratio: number | undefined): void {
  if (ratio === undefined || Token.isUnresolved(ratio) || (ratio >= 0 && ratio <= 1)) return;
  throw new ConfigurationError(`Tracing.otlp(): sampleRatio must be a number from 0 to 1, got ${ratio}`);
}
