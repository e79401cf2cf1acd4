import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { XRaySpanExporter } from '../aws/xray-span-exporter.ts';
import type { TraceTarget } from '../core/config/settings.ts';
import type { Variables } from '../core/config/variables.ts';

/**
 * Registers OpenTelemetry's SDK for this process: spans are exported as OTLP in protobuf, and the span of an attempt or
 * a call is the active one while it runs. It reads OpenTelemetry's environment variables: `OTEL_EXPORTER_OTLP_*`,
 * `OTEL_TRACES_SAMPLER*`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, `OTEL_BSP_*`, `OTEL_SPAN_*` and
 * `OTEL_SDK_DISABLED`. An SDK that is registered already stays the only one.
 *
 * Import this module only where spans are exported: it loads the SDK.
 * @param serviceName the `service.name` of spans, unless a variable has one
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function startTracing(
  target: Exclude<TraceTarget, 'off'>,
  serviceName: string,
  variables: Variables,
): void {
  if (variables.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return;
  const provider = new NodeTracerProvider({
    resource: resourceOf(serviceName, variables),
    spanProcessors: [new BatchSpanProcessor(exporterFor(target, variables))],
  });
  provider.register();
}

function exporterFor(target: Exclude<TraceTarget, 'off'>, variables: Variables): SpanExporter {
  return target === 'xray' ? new XRaySpanExporter(variables) : new OTLPTraceExporter();
}

function resourceOf(serviceName: string, { AWS_LAMBDA_FUNCTION_NAME, AWS_REGION }: Variables) {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': serviceName,
        'faas.name': AWS_LAMBDA_FUNCTION_NAME,
        'cloud.region': AWS_REGION,
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
}
