import { delimiter, join } from 'node:path';
import { ConfigurationError } from '../core/base/errors.ts';
import { LOCAL_FOLDER, PROJECT_FOLDER } from './folder.ts';

/** Chooses the port of the local AWS. */
export const PORT_VARIABLE = 'COATCHECK_LOCAL_PORT';

/** The port emulators of AWS have by custom. */
export const DEFAULT_PORT = 4566;

/** The region everything local is in. */
export const LOCAL_REGION = 'us-east-1';

/** The account an emulator gives to {@link LOCAL_CREDENTIALS}. */
export const LOCAL_ACCOUNT = '000000000000';

/** No account's credentials: with them nothing can be done to a real one. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/** Which local AWS to use. */
export interface LocalSettings {
  /** One that runs already, to be used as it is. */
  readonly endpoint?: string;
  /** Where to look for one, and to start one if none answers. */
  readonly port: number;
}

/**
 * Reads `AWS_ENDPOINT_URL` and `COATCHECK_LOCAL_PORT`.
 * @throws ConfigurationError when one of them isn't what it should be
 */
export function readLocalSettings(variables: NodeJS.ProcessEnv): LocalSettings {
  const port = variables[PORT_VARIABLE] || String(DEFAULT_PORT);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new ConfigurationError(`${PORT_VARIABLE} must be a port from 1 to 65535, got ${port}`);
  }
  const endpoint = variables.AWS_ENDPOINT_URL;
  if (!endpoint) return { port: Number(port) };
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new ConfigurationError(`AWS_ENDPOINT_URL must be an http or https URL, got ${endpoint}`);
  }
  return { port: Number(port), endpoint };
}

/** The variables by which any AWS tool finds the local AWS. */
export function awsVariables(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  };
}

/**
 * The environment of a tool that works on the local AWS. It has none of the user's AWS settings, be they variables
 * or files, so that no mistake can reach a real account; and the project's Node comes first on its `PATH`.
 */
export function toolEnvironment(
  endpoint: string,
  inherited: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const kept = Object.entries(inherited).filter(([name]) => !/^(AWS|AMAZON|CDK)_/i.test(name));
  const withoutProxy = [inherited.NO_PROXY ?? inherited.no_proxy, new URL(endpoint).hostname];
  const noProxy = withoutProxy.filter(Boolean).join(',');
  return {
    ...Object.fromEntries(kept),
    ...awsVariables(endpoint),
    AWS_CONFIG_FILE: join(LOCAL_FOLDER, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(LOCAL_FOLDER, 'no-aws-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    PATH: pathWithOurNode(inherited),
  };
}

/**
 * The environment of the emulator, which the functions in it inherit: as little as possible of the user's, as on AWS.
 */
export function emulatorEnvironment(
  endpoint: string,
  inherited: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const { HOME, LANG, SYSTEMROOT } = inherited;
  const { hostname, port } = new URL(endpoint);
  return {
    HOME,
    LANG,
    SYSTEMROOT,
    ...awsVariables(endpoint),
    PATH: pathWithOurNode(inherited),
    TZ: 'UTC',
    BIND_HOST: hostname,
    GATEWAY_PORT: port,
    // The host in the URLs it hands out: what clients are told must be what they connect to.
    MINISTACK_HOST: hostname,
    MINISTACK_REGION: LOCAL_REGION,
    // These two would listen on ports of their own.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
  };
}

function pathWithOurNode(inherited: NodeJS.ProcessEnv): string {
  return [join(PROJECT_FOLDER, 'node_modules', '.bin'), inherited.PATH].filter(Boolean).join(delimiter);
}
