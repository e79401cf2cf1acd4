import { Architecture, LoggingFormat, Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** The runtime of all functions. Defined here because older versions of the CDK have no constant for it. */
export const NODE_24 = new Runtime('nodejs24.x', RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** The architecture of all functions by default. */
export const DEFAULT_ARCHITECTURE = Architecture.ARM_64;

/** The props that all functions of a service share. */
export function nodeFunctionProps({ function: given = {} }: AsyncServiceProps) {
  const { architecture = DEFAULT_ARCHITECTURE, vpc, vpcSubnets, securityGroups, allowPublicSubnet } = given;
  return {
    runtime: NODE_24,
    architecture,
    vpc,
    vpcSubnets,
    securityGroups: securityGroups && [...securityGroups],
    allowPublicSubnet,
    // Lambda also writes its own log lines as JSON. It leaves lines that are JSON already, such as those of Powertools.
    loggingFormat: LoggingFormat.JSON,
  };
}
