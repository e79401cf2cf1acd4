import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { WebhookEvent } from '../core/config/settings.ts';

/** Configures the webhooks of an `AsyncService`. */
export interface WebhookProps {
  /**
   * The signing secret: JSON `{"current": "whsec_…"}`, with `whsec_` and the base64 of 24 to 64 bytes. To rotate it,
   * add the old value as `previous` until all receivers have the new one: deliveries are signed with both.
   * @default - a new secret with a generated value
   */
  readonly secret?: ISecret;

  /**
   * Receives the outcomes of requests without a callback URL.
   * @default - outcomes of requests without a callback URL go to the output queue only
   */
  readonly defaultUrl?: string;

  /**
   * The events that are sent: the outcomes `succeeded`, `failed`, `cancelled` and `expired`, and `progress`, each
   * time the progress of a handler is recorded, at most every 5 seconds.
   * @default - all outcomes
   */
  readonly events?: readonly WebhookEvent[];

  /**
   * Whether there are webhook endpoints: receivers with secrets and filters of their own, which clients of the HTTP API add and
   * remove while the service runs. Needs the prop `api`.
   * @default false
   */
  readonly endpoints?: boolean;

  /**
   * The allowed ports of callback URLs: 1 to 65,535.
   * @default [443, 8443]
   */
  readonly ports?: readonly number[];

  /**
   * Also allow receivers on the machine that the service runs on, with http and on any port. Allowed on a local AWS
   * only: in the cloud, senders could make the service call endpoints that only the service can reach.
   * @default false
   */
  readonly allowLocal?: boolean;
}
