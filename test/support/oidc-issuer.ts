import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { interactionPolicy } from 'oidc-provider';
import type { Page } from 'playwright-core';

/** What tokens of the issuer are for. */
export const AUDIENCE = 'https://jobs.example.com';

/** The client of a console. */
export const CLIENT_ID = 'console';

/** How long tokens are valid. */
const TOKEN_SECONDS = 600;

/** The groups of users, by the name they sign in with. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  anna: ['staff', 'coatcheck-operators'],
  bela: ['staff'],
};

/** An issuer of tokens on this machine, as another site than 127.0.0.1. */
export class OidcIssuer implements AsyncDisposable {
  /** Characters that are added to each token. */
  padding = '';
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  /** Has a URL from now on, for the service that trusts it. */
  static async start(): Promise<OidcIssuer> {
    const server = createServer().listen(0, 'localhost');
    await once(server, 'listening');
    return new OidcIssuer(server);
  }

  /** Lets users sign in to a console. @param redirectUri where they are sent back to */
  serve(redirectUri: string): void {
    // A client on this machine is asked for a consent each time.
    const policy = interactionPolicy.base();
    policy.get('consent')?.checks.remove('native_client_prompt');
    const provider = new Provider(this.url, {
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
        ...(this.padding && { padding: this.padding }),
      }),
      features: {
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: '',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: TOKEN_SECONDS,
            jwt: { sign: { alg: 'RS256' } },
          }),
          useGrantedResource: () => true,
        },
      },
    });
    this.#server.on('request', provider.callback());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** Signs in at the issuer, which asks for a name, any password and a consent. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.click('button:has-text("Continue")');
}
