import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { interactionPolicy } from 'oidc-provider';

/** What tokens of the issuer are for. */
export const AUDIENCE = 'https://jobs.example.com';

/** The client of a console. */
export const CLIENT_ID = 'console';

/** The groups of users, by the name they sign in with. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  anna: ['staff', 'coatcheck-operators'],
  bela: ['staff'],
};

/** An issuer of tokens on this machine, as another site than 127.0.0.1. */
export class OidcIssuer implements AsyncDisposable {
  /** How long tokens are valid. */
  tokenSeconds = 600;
  /** Characters that are added to each token. */
  padding = '';
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  static async start(redirectUri: string): Promise<OidcIssuer> {
    const server = createServer().listen(0, 'localhost');
    await once(server, 'listening');
    const issuer = new OidcIssuer(server);
    // A client on this machine is asked for a consent each time.
    const policy = interactionPolicy.base();
    policy.get('consent')?.checks.remove('native_client_prompt');
    const provider = new Provider(issuer.url, {
      clients: [
        {
          client_id: CLIENT_ID,
          token_endpoint_auth_method: 'none',
          application_type: 'native',
          redirect_uris: [redirectUri],
        },
      ],
      interactions: { policy },
      scopes: ['openid'],
      findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
      extraTokenClaims: (_, token) => ({
        groups: GROUPS['accountId' in token ? token.accountId : ''],
        ...(issuer.padding && { padding: issuer.padding }),
      }),
      features: {
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: '',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: issuer.tokenSeconds,
            jwt: { sign: { alg: 'RS256' } },
          }),
          useGrantedResource: () => true,
        },
      },
    });
    server.on('request', provider.callback());
    return issuer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
