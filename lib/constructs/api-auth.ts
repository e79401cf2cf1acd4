import { Token } from 'aws-cdk-lib';
import { HttpNoneAuthorizer, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { isOperatorValue, type OperatorClaim } from '../core/config/operator-claim.ts';
import type { ApiAuthName } from '../core/config/settings.ts';
import { assertOptions, either, FLAG, listOf, objectOf, required, TEXT } from '../core/config/shape.ts';
import { emulatorEndpoint } from './emulated-aws.ts';

/** Configures which JSON Web Tokens an API accepts. */
export interface JwtAuthOptions {
  /** The URL of the issuer, as in the claim `iss`. API Gateway fetches the keys from there. */
  readonly issuer: string;

  /** The accepted audiences, as in the claim `aud` or `client_id`. */
  readonly audience: string | readonly string[];

  /**
   * The claim that contains the caller's tenant. Tenants can't see each other's requests.
   * @default - no tenants: every caller sees all requests
   */
  readonly tenantClaim?: string;

  /**
   * The tokens of operators, who may act on many requests at once and see what all callers sent: those whose claim contains the
   * value. The claim is a list, such as `cognito:groups` or `roles`, or a text with spaces between its values, such as `scope`. It must be
   * one that callers can't set themselves. An operator needs no tenant.
   * @default - no token is an operator's
   */
  readonly operators?: OperatorClaim;
}

/** Configures an API without authentication. */
export interface NoAuthOptions {
  /**
   * Confirms that anyone on the internet can submit requests at your cost, and can see and cancel all requests.
   * @default false - allowed on an AWS emulator only
   */
  readonly openToAnyone?: boolean;
}

const JWT_OPTIONS = objectOf<JwtAuthOptions>({
  issuer: required(TEXT),
  audience: required(either(TEXT, listOf(TEXT), 'a text or a list of texts')),
  tenantClaim: TEXT,
  operators: objectOf<OperatorClaim>({ claim: required(TEXT), value: required(TEXT) }),
});

const NO_AUTH_OPTIONS = objectOf<NoAuthOptions>({ openToAnyone: FLAG });

/** How the HTTP API authenticates its callers. */
export abstract class ApiAuth {
  /** Callers sign with AWS credentials (Signature Version 4). Grant them access with `service.grantInvokeApi()`. */
  static iam(): ApiAuth {
    return new IamAuth();
  }

  /** Callers send a JSON Web Token of an issuer you trust, for example Cognito, in the header `Authorization`. @throws ConfigurationError */
  static jwt(options: JwtAuthOptions): ApiAuth {
    return new JwtAuth(options);
  }

  /** Anyone who can reach the API can call it. For local use. @throws ConfigurationError */
  static none(options: NoAuthOptions = {}): ApiAuth {
    return new NoAuth(options);
  }

  /** The name in the environment of the API's function. */
  abstract readonly name: ApiAuthName;

  /** The claim that contains the caller's tenant; empty without tenants. */
  readonly tenantClaim: string = '';

  /** The tokens of operators; undefined if none is. */
  readonly operators: OperatorClaim | undefined = undefined;

  /** The URL of the issuer of tokens, which operators sign in at; undefined without tokens. */
  readonly issuer: string | undefined = undefined;

  /** The authorizer of API Gateway. */
  abstract authorizer(): IHttpRouteAuthorizer;

  /** Problems with these options for the target of the deployment. */
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
  override readonly operators: OperatorClaim | undefined;
  override readonly issuer: string;
  readonly #audience: readonly string[];

  constructor(options: JwtAuthOptions) {
    super();
    assertOptions('ApiAuth.jwt()', options, JWT_OPTIONS);
    const { issuer, audience, tenantClaim = '', operators } = options;
    this.issuer = issuer;
    this.#audience = [audience].flat();
    this.tenantClaim = tenantClaim;
    this.operators = operators;
  }

  authorizer(): IHttpRouteAuthorizer {
    return new HttpJwtAuthorizer('Jwt', this.issuer, { jwtAudience: [...this.#audience] });
  }

  override problems(): string[] {
    return [
      ...this.#issuerProblems(),
      ...this.#audienceProblems(),
      ...claimProblems('tenantClaim', this.tenantClaim, 0),
      ...operatorProblems(this.operators),
    ];
  }

  #issuerProblems(): string[] {
    if (Token.isUnresolved(this.issuer)) return [];
    const protocol = URL.parse(this.issuer)?.protocol;
    // With an emulator, the issuer may run on the same machine.
    if (protocol === 'https:' || (protocol === 'http:' && emulatorEndpoint())) return [];
    return [`api.auth.issuer must be an https URL, got ${JSON.stringify(this.issuer)}`];
  }

  #audienceProblems(): string[] {
    if (this.#audience.length > 0 && this.#audience.every((each) => each.trim() !== '')) return [];
    return [`api.auth.audience must be one or more names, got ${JSON.stringify(this.#audience)}`];
  }
}

function claimProblems(prop: string, name: string, minLength: number): string[] {
  const isClaim = name.length >= minLength && /^\S{0,256}$/.test(name);
  if (Token.isUnresolved(name) || isClaim) return [];
  const length = minLength === 0 ? 'up to 256' : `${minLength} to 256`;
  return [`api.auth.${prop} must have ${length} characters and no spaces, got ${JSON.stringify(name)}`];
}

function operatorProblems(operators: OperatorClaim | undefined): string[] {
  if (!operators) return [];
  const { claim, value } = operators;
  const isValue = Token.isUnresolved(value) || isOperatorValue(value);
  return [
    ...claimProblems('operators.claim', claim, 1),
    ...(isValue
      ? []
      : [
          `api.auth.operators.value must have 1 to 256 characters and no spaces, commas, quotes or square brackets, got ${JSON.stringify(value)}`,
        ]),
  ];
}

class NoAuth extends ApiAuth {
  readonly name = 'none';
  readonly #openToAnyone: boolean;

  constructor(options: NoAuthOptions) {
    super();
    assertOptions('ApiAuth.none()', options, NO_AUTH_OPTIONS);
    this.#openToAnyone = options.openToAnyone ?? false;
  }

  authorizer(): IHttpRouteAuthorizer {
    return new HttpNoneAuthorizer();
  }

  override problems(): string[] {
    if (this.#openToAnyone || emulatorEndpoint()) return [];
    return [
      'api.auth must be ApiAuth.iam() or ApiAuth.jwt(…) on AWS, got ApiAuth.none(): ' +
        'anyone on the internet could call the API. ' +
        'If that is intended, use ApiAuth.none({ openToAnyone: true }). ' +
        'To deploy to an emulator, set AWS_ENDPOINT_URL to its URL',
    ];
  }
}
