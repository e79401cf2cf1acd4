import * as oauth from 'oauth4webapi';

/** How operators sign in. */
export interface SignInOptions {
  /** As in the claim `iss`. */
  readonly issuer: string;
  /** A public client: it has no secret. */
  readonly clientId: string;
  /** Besides `openid`. */
  readonly scopes: readonly string[];
  /** More parameters of the authorization request, such as `audience`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Where the issuer sends browsers back to. */
  readonly redirectUri: string;
}

/** A sign-in that has begun, as the browser keeps it until the issuer sends it back. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** An issuer that takes longer doesn't answer any more. */
const TIMEOUT_MILLISECONDS = 8_000;

/** The authorization code flow of OpenID Connect with PKCE. */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #client: oauth.Client;
  #server: Promise<oauth.AuthorizationServer> | undefined;

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#client = { client_id: options.clientId };
  }

  /** The URL of the issuer at which a browser signs in. */
  async begin(): Promise<{ readonly url: URL; readonly pending: PendingSignIn }> {
    const { clientId, scopes, parameters, redirectUri } = this.#options;
    const { authorization_endpoint: endpoint = '' } = await this.#discovered();
    const pending = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
    };
    const url = new URL(endpoint);
    const query = {
      ...parameters,
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: [...new Set(['openid', ...scopes])].join(' '),
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return { url, pending };
  }

  /** The access token that the issuer gives for its answer. @throws an error that says what is wrong with the answer */
  async finish(answer: URL, { state, nonce, verifier }: PendingSignIn): Promise<string> {
    const server = await this.#discovered();
    const client = this.#client;
    const parameters = oauth.validateAuthResponse(server, client, answer, state);
    const { redirectUri } = this.#options;
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      parameters,
      redirectUri,
      verifier,
      this.#calling(),
    );
    const rules = { expectedNonce: nonce, requireIdToken: true };
    const { access_token: token } = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      response,
      rules,
    );
    return token;
  }

  /** Asks once; again if that failed. */
  #discovered(): Promise<oauth.AuthorizationServer> {
    this.#server ??= this.#discover().catch((error: unknown) => {
      this.#server = undefined;
      throw error;
    });
    return this.#server;
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.#options.issuer);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, this.#calling()));
  }

  /** An issuer without TLS is one on a developer's machine: a deployment to AWS refuses it. */
  #calling() {
    return {
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      [oauth.allowInsecureRequests]: this.#options.issuer.startsWith('http:'),
    };
  }
}
