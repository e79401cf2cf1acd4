import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AsyncServiceProps } from './async-service-props.ts';
import type { ServiceSettings } from './settings/service-settings.ts';

/** What a relay needs to know of its service. */
export interface RelayedService {
  readonly props: AsyncServiceProps;
  readonly settings: ServiceSettings;
}

/** Relays requests to a service and to the services behind it. */
export interface ServiceRelay {
  /** Lets the relay send to the queue of a service behind. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void;
}
