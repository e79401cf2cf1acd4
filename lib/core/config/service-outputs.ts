/** The stack outputs of a service, with their descriptions. */
export const SERVICE_OUTPUTS = {
  ApiUrl: 'Submit requests by HTTP here',
  PayloadBucketName: 'Upload payloads here, under the upload prefix',
  InputQueueUrl: 'Or send requests here',
  HighInputQueueUrl: 'Or send requests of high priority here',
  LowInputQueueUrl: 'Or send requests of low priority here',
  OutputQueueUrl: 'Collect outcomes here',
  OutputDeadLetterQueueUrl: 'Outcomes that no consumer could process',
  OutcomeTopicArn: 'Subscribe to outcomes here',
  DeadLetterQueueUrl: 'Requests that used up their attempts',
  RequestTableName: 'The state of each request',
  ProcessorEntry: 'The source of the processor',
  ProcessorFunctionName: 'The function that runs the processor',
  ProcessorVersion: 'The version of the code of the processor',
  ProcessorLogGroupName: 'Where the processor logs',
  ReleaseAliasName: 'The alias whose versions run requests',
  ReleaseApplicationName: 'The application of CodeDeploy that moves traffic to a new version',
  ReleaseDeploymentGroupName: 'The deployment group of CodeDeploy that moves traffic to a new version',
  EventSourceId: 'The event source mapping that feeds the processor',
  SubscriptionQueueUrl: 'Collect the outcomes of a subscription here',
  SubscriptionDeadLetterQueueUrl: 'Outcomes of a subscription that were not delivered or processed',
  WebhookSecretArn: 'Webhooks are signed with it',
  WebhookQueueUrl: 'Webhooks to be delivered',
  WebhookDeadLetterQueueUrl: 'Webhooks that could not be delivered',
} as const;

/** The stack that the app in cdk.json makes unless a name is given. */
export const DEFAULT_STACK = 'Coatcheck';

/** The name of one of {@link SERVICE_OUTPUTS}. */
export type ServiceOutputName = keyof typeof SERVICE_OUTPUTS;

/** What an output is, and of which service. */
export interface ServiceOutput {
  /** The path of the service's construct in its stack, `Orders` for example. */
  readonly service: string;
  readonly name: ServiceOutputName;
}

const MARK = /\(Coatcheck (\w+) of (.+)\)$/;

/**
 * Writes the description of an output. CloudFormation may give an output any logical id in a team's stack, so the
 * description names the service.
 */
export function describeServiceOutput({ service, name }: ServiceOutput): string {
  return `${SERVICE_OUTPUTS[name]} (Coatcheck ${name} of ${service})`;
}

/** Reads what {@link describeServiceOutput} wrote; undefined for an output of anything else. */
export function readServiceOutput(description: string): ServiceOutput | undefined {
  const [, name = '', service = ''] = MARK.exec(description) ?? [];
  return isName(name) ? { service, name } : undefined;
}

function isName(name: string): name is ServiceOutputName {
  return Object.hasOwn(SERVICE_OUTPUTS, name);
}
