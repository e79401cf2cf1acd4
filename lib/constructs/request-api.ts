import { Fn, Lazy, Names, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigurationError } from '../core/base/errors.ts';
import { CONSOLE_PATH } from '../core/config/console-environment.ts';
import { type ProcessorQueue, writeOtherProcessors } from '../core/config/processor-queues.ts';
import type { ApiAuth } from './api-auth.ts';
import { emulatorEndpoint } from './emulated-aws.ts';
import { processorQueue } from './functions/api-environment.ts';
import { ApiFunction, type ApiFunctionProps } from './functions/api-function.ts';
import type { ApiRole } from './functions/api-role.ts';
import { ConsoleFunction } from './functions/console-function.ts';
import { alarmHashesOf, alarmPrefixOf, keepHashInName } from './observability/alarm-names.ts';
import { logGroupProps } from './observability/log-group-props.ts';
import { RequestActions } from './request-actions.ts';
import { RequestBatches } from './request-batches.ts';
import { RequestSchedules } from './request-schedules.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { type ApiMethod, apiCors } from './storage/cors.ts';
import { grantCalls } from './storage/grant-calls.ts';

/** The path of all routes. */
const ROOT = '/v1';

/** The paths of the calls that aren't for operators only. In a policy, the asterisk also stands for slashes. */
const CALLERS_PATHS = [
  'batches*',
  'limits*',
  'openapi.json',
  'receipts*',
  'requests*',
  'schedules*',
  'status',
  'uploads*',
  'webhook-endpoints*',
];

/** Configures a {@link RequestApi}. */
export interface RequestApiSetup extends Omit<ApiFunctionProps, 'alarmPrefix' | 'alarmHashes'> {
  readonly deadLetterQueue: IQueue;
  /** The processor's function, or its alias, which rehearses dead letters; undefined if it isn't on Lambda. */
  readonly rehearsalFunction: IFunction | undefined;
  /** The origins of web pages that can call the API from browsers. */
  readonly corsOrigins: readonly string[];
}

/** The HTTP API: clients submit requests, query their status and fetch results. */
export class RequestApi extends Construct {
  /** The URL of the API without a trailing slash. All paths begin with `/v1`. */
  readonly url: string;
  /** The API in API Gateway, for domain names and metrics. */
  readonly httpApi: HttpApi;
  /** The function that handles the calls. */
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly role: ApiRole;
  /** How callers are authenticated. */
  readonly auth: ApiAuth;
  /** What schedules requests; undefined unless {@link RequestApiProps.schedules}. */
  readonly schedules: RequestSchedules | undefined;
  /** What ends batches; undefined unless {@link RequestApiProps.batches}. */
  readonly batches: RequestBatches | undefined;
  /** What does the steps of actions; undefined unless {@link RequestApiProps.actions}. */
  readonly actions: RequestActions | undefined;
  /** The function of the console; undefined unless {@link RequestApiProps.console}. */
  readonly console: LambdaFunction | undefined;
  readonly #otherProcessors: ProcessorQueue[] = [];
  readonly #alarms: Alarm[] = [];

  constructor(scope: Construct, id: string, props: RequestApiSetup) {
    super(scope, id);
    this.schedules = props.service.api?.schedules
      ? new RequestSchedules(this, 'Schedules', props)
      : undefined;
    this.batches = props.service.api?.batches ? new RequestBatches(this, 'Batches', props) : undefined;
    this.actions = props.service.api?.actions ? new RequestActions(this, 'Actions', props) : undefined;
    const { function: handler, role } = new ApiFunction(this, 'Function', {
      ...props,
      schedules: this.schedules,
      batches: this.batches,
      actions: this.actions,
      activity: props.service.api?.activity ?? false,
      // Their ids, unlike their names, depend on nothing: alarms watch the function.
      alarmPrefix: Lazy.string({ produce: () => alarmPrefixOf(this.#alarms) }),
      alarmHashes: [Lazy.string({ produce: () => alarmHashesOf(this.#alarms).join('') })],
    });
    const methods = methodsOf(props);
    this.httpApi = new HttpApi(this, 'Http', {
      apiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: `Requests of ${props.settings.serviceName}`,
      corsPreflight: apiCors(props.corsOrigins, methods),
      createDefaultStage: false,
    });
    this.httpApi.addRoutes({
      path: `${ROOT}/{proxy+}`,
      // Not ANY: preflight requests carry no authorization and would be rejected.
      methods: methods.map((method) => HttpMethod[method]),
      authorizer: props.auth.authorizer(),
      integration: new HttpLambdaIntegration('Integration', handler, { scopePermissionToRoute: false }),
    });
    this.#addStage(props);

    this.url = reachableUrl(this.httpApi);
    this.console = this.#addConsole(props);
    this.function = handler;
    this.role = role;
    this.#allowPromote(props.settings);
    this.auth = props.auth;
  }

  /**
   * Grants permission to call the API, without the calls of operators.
   * @throws ConfigurationError if `auth` isn't `ApiAuth.iam()`, or for a principal of another account or without a policy of its own
   */
  grantInvoke(grantee: IGrantable): Grant {
    return this.#grant(grantee, CALLERS_PATHS);
  }

  /**
   * Grants permission to call the whole API.
   * @throws ConfigurationError like {@link grantInvoke}
   */
  grantOperate(grantee: IGrantable): Grant {
    return this.#grant(grantee, ['*']);
  }

  #grant(grantee: IGrantable, paths: readonly string[]): Grant {
    if (this.auth.name !== 'iam') {
      throw new ConfigurationError(
        `${this.node.path} must have ApiAuth.iam() to grant permission to call it, got ApiAuth.${this.auth.name}()`,
      );
    }
    return grantCalls(
      grantee,
      this,
      paths.map((path) => this.httpApi.arnForExecuteApi('*', `${ROOT}/${path}`)),
    );
  }

  /** Lets the API send requests to the queue of a service behind it. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void {
    this.#otherProcessors.push(processorQueue(settings, inputQueue));
    const variables = Object.entries(writeOtherProcessors(this.#otherProcessors));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
    this.role.allowSubmit(inputQueue);
    this.schedules?.addProcessor(settings, inputQueue);
    this.batches?.addProcessor(settings, inputQueue);
    this.#allowPromote(settings);
  }

  /** Shows alarms to operators. */
  addAlarms(alarms: readonly Alarm[]): void {
    this.#alarms.push(...alarms);
    for (const alarm of alarms) keepHashInName(alarm);
  }

  /** No request of a service that keeps order starts later. */
  #allowPromote({ keepsOrder }: ServiceSettings): void {
    if (this.schedules && !keepsOrder) this.role.allowPromote(this.schedules.scheduleGroup);
  }

  /**
   * The account's resource policy for log delivery covers this prefix as a whole. A log group elsewhere adds an entry
   * to that policy, which has room for about forty. The suffix comes from the stack id, so that a stack that is
   * deployed again doesn't collide with the log group that the previous one left.
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
   */
  #accessLogName(): string {
    const name = Names.uniqueResourceName(this, { maxLength: 200, separator: '-' });
    const stackId = Fn.select(2, Fn.split('/', Stack.of(this).stackId));
    return `/aws/vendedlogs/coatcheck/${name}-${Fn.select(0, Fn.split('-', stackId))}`;
  }

  /** Without an authorizer: the console sends browsers without a token to sign in. Each of its calls of the API has one. */
  #addConsole(props: RequestApiSetup): LambdaFunction | undefined {
    const { console } = props.service.api ?? {};
    if (!console) return undefined;
    const { function: handler } = new ConsoleFunction(this, 'Console', { ...props, console, url: this.url });
    const integration = new HttpLambdaIntegration('ConsoleIntegration', handler, {
      scopePermissionToRoute: false,
    });
    const authorizer = new HttpNoneAuthorizer();
    this.httpApi.addRoutes({ path: CONSOLE_PATH, methods: [HttpMethod.GET], authorizer, integration });
    this.httpApi.addRoutes({
      path: `${CONSOLE_PATH}/{proxy+}`,
      methods: [HttpMethod.GET, HttpMethod.POST],
      authorizer,
      integration,
    });
    return handler;
  }

  #addStage({ service, removalPolicy }: RequestApiSetup): void {
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: this.#accessLogName(),
      ...logGroupProps(service, removalPolicy),
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

/** Webhook endpoints are changed and removed, limits changed and reset, pauses started and ended, and schedules removed. */
function methodsOf({
  settings,
  service,
  pauseQueue,
}: Pick<RequestApiSetup, 'settings' | 'service' | 'pauseQueue'>): ApiMethod[] {
  const { webhookEndpoints } = settings;
  const hasLimits = settings.limits.length > 0;
  const puts = hasLimits || pauseQueue !== undefined;
  const removes = webhookEndpoints || puts || service.api?.schedules;
  return [
    'GET',
    'POST',
    ...(webhookEndpoints ? (['PATCH'] as const) : []),
    ...(puts ? (['PUT'] as const) : []),
    ...(removes ? (['DELETE'] as const) : []),
  ];
}

/** An emulator serves all APIs at its own address. */
function reachableUrl({ apiEndpoint, apiId }: HttpApi): string {
  const endpoint = emulatorEndpoint();
  return endpoint === undefined ? apiEndpoint : `${endpoint}/_aws/execute-api/${apiId}/$default`;
}

/** The fields of the access log. The path has no query. */
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
