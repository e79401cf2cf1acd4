import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { writeConsoleEnvironment } from '../../core/config/console-environment.ts';
import type { ApiAuth } from '../api-auth.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import type { ConsoleProps } from '../request-api-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { functionEnvironment } from './function-environment.ts';
import { FunctionRole } from './function-role.ts';
import { nodeFunctionProps } from './node-function.ts';
import { ownFunctionCode } from './own-function.ts';

/** It waits for the API most of the time. More memory is more CPU, for short cold starts. */
const MEMORY_MIB = 512;

/** API Gateway waits no longer. */
const TIMEOUT = Duration.seconds(29);

/** Configures a {@link ConsoleFunction}. */
export interface ConsoleFunctionProps {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly auth: ApiAuth;
  readonly removalPolicy: RemovalPolicy;
  readonly console: ConsoleProps;
  /** URL of the API. */
  readonly url: string;
}

/** Its role allows it to write logs, and no other call. */
class ConsoleRole extends FunctionRole {}

/** The Lambda function of the console. */
export class ConsoleFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: ConsoleFunctionProps) {
    super(scope, id);
    const { service, settings, auth, console, url } = props;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, props.removalPolicy));
    const variables = writeConsoleEnvironment({
      serviceName: settings.serviceName,
      apiUrl: console.url ?? url,
      issuer: auth.issuer ?? '',
      clientId: console.clientId,
      scopes: console.scopes ?? [],
      parameters: console.parameters ?? {},
      operatorClaim: auth.operators?.claim ?? '',
      operatorValue: auth.operators?.value ?? '',
      allowActions: console.allowActions ?? false,
    });
    this.function = new LambdaFunction(this, 'Function', {
      // Outside of a network: it calls only the API and the issuer.
      ...nodeFunctionProps({ ...service, function: { architecture: service.function?.architecture } }),
      code: ownFunctionCode('console'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: functionEnvironment(settings.serviceName, variables),
      role: new ConsoleRole(this, 'Role', { logGroup }),
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
  }
}
