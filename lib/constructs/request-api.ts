import { Fn, Names, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ConfigurationError } from '../core/base/errors.ts';
import type { ApiAuth } from './api-auth.ts';
import { emulatorEndpoint } from './emulated-aws.ts';
import { ApiFunction, type ApiFunctionProps } from './functions/api-function.ts';
import type { ApiRole } from './functions/api-role.ts';
import { apiCors } from './storage/cors.ts';

/** Everything the API has lies under it. */
const ROOT = '/v1';

/** How a {@link RequestApi} is to be. */
export interface RequestApiSetup extends ApiFunctionProps {
  /** The web pages that may call it from browsers. */
  readonly corsOrigins: readonly string[];
}

/** An HTTP API by which clients hand in requests, see where they stand and fetch results. */
export class RequestApi extends Construct {
  /** Where it is, without a slash at the end: its paths begin with `/v1`. */
  readonly url: string;
  /** For domain names and metrics. */
  readonly httpApi: HttpApi;
  /** What answers. */
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly role: ApiRole;
  /** Who may call it. */
  readonly auth: ApiAuth;

  constructor(scope: Construct, id: string, props: RequestApiSetup) {
    super(scope, id);
    const { function: answering, role } = new ApiFunction(this, 'Function', props);
    this.httpApi = new HttpApi(this, 'Http', {
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: `Requests of ${props.settings.serviceName}`,
      corsPreflight: apiCors(props.corsOrigins),
      createDefaultStage: false,
    });
    this.httpApi.addRoutes({
      path: `${ROOT}/{proxy+}`,
      // Not any method: preflight requests, which come without authorization, would need it too.
      methods: [HttpMethod.GET, HttpMethod.POST],
      authorizer: props.auth.authorizer(),
      integration: new HttpLambdaIntegration('Integration', answering, { scopePermissionToRoute: false }),
    });
    this.#addStage(props);

    this.url = reachableUrl(this.httpApi);
    this.function = answering;
    this.role = role;
    this.auth = props.auth;
  }

  /**
   * Lets someone call it.
   * @throws ConfigurationError where callers don't sign with AWS credentials
   */
  grantInvoke(grantee: IGrantable): Grant {
    if (this.auth.name !== 'iam') {
      throw new ConfigurationError(
        `${this.node.path} must have ApiAuth.iam() to be granted to someone, got ApiAuth.${this.auth.name}()`,
      );
    }
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: [this.httpApi.arnForExecuteApi('*', `${ROOT}/*`)],
    });
  }

  /**
   * Under the prefix that the account's policy for delivering logs covers once for all groups: a group elsewhere adds
   * itself to that policy, which is full after some forty. Its end is that of the stack's id, so that a stack that is
   * deployed again doesn't meet the group that an earlier one left.
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
   */
  #accessLogName(): string {
    const name = Names.uniqueResourceName(this, { maxLength: 200, separator: '-' });
    const stackId = Fn.select(2, Fn.split('/', Stack.of(this).stackId));
    return `/aws/vendedlogs/coatcheck/${name}-${Fn.select(0, Fn.split('-', stackId))}`;
  }

  #addStage({ service, removalPolicy }: RequestApiSetup): void {
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: this.#accessLogName(),
      retention: service.observability?.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.httpApi,
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }
}

/** An emulator answers for all APIs at its own address. */
function reachableUrl({ apiEndpoint, apiId }: HttpApi): string {
  const endpoint = emulatorEndpoint();
  return endpoint === undefined ? apiEndpoint : `${endpoint}/_aws/execute-api/${apiId}/$default`;
}

/** What is logged of a call. The path is without its query. */
const ACCESS_LOG = {
  requestId: AccessLogField.contextRequestId(),
  time: AccessLogField.contextRequestTimeEpoch(),
  ip: AccessLogField.contextIdentitySourceIp(),
  method: AccessLogField.contextHttpMethod(),
  path: AccessLogField.contextPath(),
  status: AccessLogField.contextStatus(),
  responseBytes: AccessLogField.contextResponseLength(),
  milliseconds: AccessLogField.contextResponseLatency(),
  integrationMilliseconds: AccessLogField.contextIntegrationLatency(),
  integrationError: AccessLogField.contextIntegrationErrorMessage(),
  authorizerError: AccessLogField.contextAuthorizerError(),
} as const;
