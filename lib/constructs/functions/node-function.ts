import { Architecture, LoggingFormat, Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** By name: an older CDK has no constant for it. */
const NODE_24 = new Runtime('nodejs24.x', RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** Settings that all functions of a service share. */
export function nodeFunctionProps({
  function: { architecture = Architecture.ARM_64 } = {},
}: AsyncServiceProps) {
  return {
    runtime: NODE_24,
    architecture,
    // Lambda writes its own log lines as JSON too; lines that are JSON already, as Powertools writes them, stay as they are.
    loggingFormat: LoggingFormat.JSON,
  };
}
