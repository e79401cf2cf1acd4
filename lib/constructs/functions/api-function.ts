import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { ApiAuth } from '../api-auth.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { traceActively } from './active-tracing.ts';
import { type ApiResources, apiEnvironment } from './api-environment.ts';
import { ApiRole } from './api-role.ts';
import { allowNetworkInterfaces } from './network-interfaces.ts';
import { nodeFunctionProps } from './node-function.ts';
import { ownFunctionCode } from './own-function.ts';

/** Enough for a body of 6 MB in base64 and its copies, and enough CPU for short cold starts. */
const MEMORY_MIB = 512;

/**
 * API Gateway waits no longer.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const TIMEOUT = Duration.seconds(29);

/** Configures an {@link ApiFunction}. */
export interface ApiFunctionProps extends ApiResources {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly auth: ApiAuth;
  readonly removalPolicy: RemovalPolicy;
}

/** The Lambda function of the HTTP API. */
export class ApiFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: ApiRole;

  constructor(scope: Construct, id: string, props: ApiFunctionProps) {
    super(scope, id);
    const { service, settings } = props;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, props.removalPolicy));
    this.role = new ApiRole(this, 'Role', { ...props, prefixes: settings.prefixes, logGroup });
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('api'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: {
        ...settings.tracing?.variables,
        ...apiEnvironment(settings, props.auth, props),
      },
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.role, service);
    if (settings.tracing?.target === 'xray') traceActively(this.function, this.role);
  }
}
