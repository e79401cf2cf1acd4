import { Token } from 'aws-cdk-lib';
import { HttpNoneAuthorizer, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { ApiAuthName } from '../core/config/settings.ts';
import { emulatorEndpoint } from './emulated-aws.ts';

/** Whose tokens an API takes. */
export interface JwtAuthOptions {
  /** Who issues them: the URL their claim `iss` holds, under which the issuer tells its keys. */
  readonly issuer: string;

  /** Whom they are issued for: what their claim `aud`, or `client_id`, holds. */
  readonly audience: string | readonly string[];

  /**
   * The claim that names the caller's tenant. Tenants see nothing of each other's requests.
   * @default - callers have no tenants: each sees the requests of all
   */
  readonly tenantClaim?: string;
}

/** How open an API is that asks nobody who they are. */
export interface NoAuthOptions {
  /**
   * That anyone on the internet may hand in requests at your cost, and see and cancel everyone's.
   * @default false - refused anywhere but on an emulator of AWS
   */
  readonly openToAnyone?: boolean;
}

/** Who may call the HTTP API. */
export abstract class ApiAuth {
  /** Callers sign with AWS credentials (Signature Version 4), and must be allowed to: `service.grantInvokeApi()`. */
  static iam(): ApiAuth {
    return new IamAuth();
  }

  /** Callers have a JSON Web Token of an issuer you trust, Cognito for example, in the header `Authorization`. */
  static jwt(options: JwtAuthOptions): ApiAuth {
    return new JwtAuth(options);
  }

  /** Anyone who reaches the API may call it. For local use. */
  static none(options: NoAuthOptions = {}): ApiAuth {
    return new NoAuth(options);
  }

  /** As the API's function is told. */
  abstract readonly name: ApiAuthName;

  /** The claim that names a caller's tenant; empty where callers have none. */
  readonly tenantClaim: string = '';

  /** What API Gateway asks. */
  abstract authorizer(): IHttpRouteAuthorizer;

  /** What is wrong with it where one deploys to. */
  problems(): string[] {
    return [];
  }
}

class IamAuth extends ApiAuth {
  readonly name = 'iam';

  authorizer(): IHttpRouteAuthorizer {
    return new HttpIamAuthorizer();
  }
}

class JwtAuth extends ApiAuth {
  readonly name = 'jwt';
  override readonly tenantClaim: string;
  readonly #issuer: string;
  readonly #audience: readonly string[];

  constructor({ issuer, audience, tenantClaim = '' }: JwtAuthOptions) {
    super();
    this.#issuer = issuer;
    this.#audience = [audience].flat();
    this.tenantClaim = tenantClaim;
  }

  authorizer(): IHttpRouteAuthorizer {
    return new HttpJwtAuthorizer('Jwt', this.#issuer, { jwtAudience: [...this.#audience] });
  }

  override problems(): string[] {
    return [...this.#issuerProblems(), ...this.#audienceProblems(), ...this.#claimProblems()];
  }

  #issuerProblems(): string[] {
    if (Token.isUnresolved(this.#issuer)) return [];
    const protocol = URL.parse(this.#issuer)?.protocol;
    // An emulator's issuer may be a program on the same machine.
    if (protocol === 'https:' || (protocol === 'http:' && emulatorEndpoint())) return [];
    return [`api.auth's issuer must be an https URL, got ${JSON.stringify(this.#issuer)}`];
  }

  #audienceProblems(): string[] {
    if (this.#audience.length > 0 && this.#audience.every((each) => each.trim() !== '')) return [];
    return [`api.auth's audience must be one name or more, got ${JSON.stringify(this.#audience)}`];
  }

  #claimProblems(): string[] {
    if (Token.isUnresolved(this.tenantClaim) || /^\S{0,256}$/.test(this.tenantClaim)) return [];
    return [
      `api.auth's tenantClaim must have up to 256 characters and no spaces, got ${JSON.stringify(this.tenantClaim)}`,
    ];
  }
}

class NoAuth extends ApiAuth {
  readonly name = 'none';
  readonly #openToAnyone: boolean;

  constructor({ openToAnyone = false }: NoAuthOptions) {
    super();
    this.#openToAnyone = openToAnyone;
  }

  authorizer(): IHttpRouteAuthorizer {
    return new HttpNoneAuthorizer();
  }

  override problems(): string[] {
    if (this.#openToAnyone || emulatorEndpoint()) return [];
    return [
      'api.auth must be ApiAuth.iam() or ApiAuth.jwt(…) on AWS, got ApiAuth.none(): ' +
        'with that anyone on the internet could call the API; ' +
        'if they shall, say ApiAuth.none({ openToAnyone: true }); ' +
        'to deploy to an emulator, set AWS_ENDPOINT_URL to its URL',
    ];
  }
}
