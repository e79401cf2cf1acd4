import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { WebhookEvent } from '../core/config/settings.ts';

/** How the webhooks of an `AsyncService` are to be. */
export interface WebhookProps {
  /**
   * What deliveries are signed with: JSON `{"current": "whsec_…"}`, each `whsec_` and the base64 of 24 to 64 bytes. To
   * change it, add the one before as `previous` until all receivers know the new one: deliveries are signed with both.
   * @default - a secret of its own with a generated value
   */
  readonly secret?: ISecret;

  /**
   * Told the outcomes of requests that name no callback URL themselves.
   * @default - those are told by the output queue only
   */
  readonly defaultUrl?: string;

  /**
   * What is told: the outcomes `succeeded`, `failed`, `cancelled`, `expired`, and `progress`, each time a handler's is
   * recorded, that is every 5 seconds at most.
   * @default - all outcomes
   */
  readonly events?: readonly WebhookEvent[];

  /**
   * The ports callback URLs may have: 1 to 65,535.
   * @default [443, 8443]
   */
  readonly ports?: readonly number[];

  /**
   * Call receivers on the machine the service runs on too, by http and on any port. Works on a local AWS only: in the
   * cloud it would let whoever hands in a request call what is meant for the service itself.
   * @default false
   */
  readonly allowLocal?: boolean;
}
