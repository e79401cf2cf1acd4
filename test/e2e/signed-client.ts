import {
  type ClientOptions,
  CoatcheckClient,
  type SubmissionOptions,
  sigv4,
} from '../../lib/client/index.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/environment.ts';
import type { Behaviour } from './processors/behaviour.ts';
import type { Service } from './service.ts';

/** A client of a service with IAM authorization. */
export class SignedClient extends CoatcheckClient {
  constructor(service: Service, options: Partial<ClientOptions> = {}) {
    const auth = sigv4({ region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
    super({ baseUrl: service.apiUrl, auth, ...options });
  }

  /** Submits a behaviour. @returns its ticket */
  async ask(behaviour: Behaviour, options?: SubmissionOptions): Promise<string> {
    return (await this.submitJson(behaviour, options)).id;
  }
}
