import { Sha256 } from '@aws-crypto/sha256-js';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Variables } from '../core/config/variables.ts';

type Exported = Parameters<SpanExporter['export']>;

/** Longest wait for X-Ray's response. */
const TIMEOUT_MILLISECONDS = 10_000;

/** The values of OpenTelemetry's ExportResultCode, which its packages for users don't export. */
const SUCCESS = 0;
const FAILED = 1;

/**
 * Sends spans to X-Ray's OTLP endpoint, signed with the credentials in the environment. OpenTelemetry's own exporter
 * can't sign: a signature covers the body.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
 */
export class XRaySpanExporter implements SpanExporter {
  readonly #variables: Variables;
  #sending: Promise<void> = Promise.resolve();

  /** @param variables the environment; `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` replaces the region's public endpoint */
  constructor(variables: Variables) {
    this.#variables = variables;
  }

  export(...[spans, report]: Exported): void {
    const sent = this.#send(spans).then(
      () => report({ code: SUCCESS }),
      (error) => report({ code: FAILED, error }),
    );
    this.#sending = Promise.all([this.#sending, sent]).then(() => {});
  }

  /** Waits for the requests in flight. */
  async forceFlush(): Promise<void> {
    await this.#sending;
  }

  /** @see forceFlush */
  async shutdown(): Promise<void> {
    await this.#sending;
  }

  async #send(spans: Exported[0]): Promise<void> {
    const body = ProtobufTraceSerializer.serializeRequest(spans);
    if (!body) throw new Error('OpenTelemetry could not encode the spans');
    const url = new URL(this.#endpoint);
    const headers = await this.#signed(url, body);
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(body), signal });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${url.host} answered ${response.status}: ${answer.slice(0, 500)}`);
  }

  get #endpoint(): string {
    const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint, AWS_REGION: region = '' } = this.#variables;
    const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
    return endpoint || `https://xray.${region}.${domain}/v1/traces`;
  }

  async #signed(url: URL, body: Uint8Array): Promise<Record<string, string>> {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = this.#variables;
    const signer = new SignatureV4({
      service: 'xray',
      region: AWS_REGION ?? '',
      credentials: {
        accessKeyId: AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
        sessionToken: AWS_SESSION_TOKEN,
      },
      sha256: Sha256,
    });
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/x-protobuf' },
      body,
    });
    const { host: _, ...rest } = headers;
    return rest;
  }
}
