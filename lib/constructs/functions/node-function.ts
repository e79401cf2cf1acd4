import { Architecture, LoggingFormat, Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** Defined here because older versions of the CDK have no constant for it. */
const NODE_24 = new Runtime('nodejs24.x', RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** The props that all functions of a service share. */
export function nodeFunctionProps({
  function: { architecture = Architecture.ARM_64 } = {},
}: AsyncServiceProps) {
  return {
    runtime: NODE_24,
    architecture,
    // Lambda also writes its own log lines as JSON. It leaves lines that are JSON already, such as those of Powertools.
    loggingFormat: LoggingFormat.JSON,
  };
}
