import { delimiter, join } from 'node:path';
import { ConfigurationError } from '../core/base/errors.ts';
import { LOCAL_FOLDER, PROJECT_FOLDER } from './folder.ts';

/** Environment variable with the port of the local AWS. */
export const PORT_VARIABLE = 'COATCHECK_LOCAL_PORT';

/** The conventional port of AWS emulators. */
export const DEFAULT_PORT = 4566;

/** The region of the local AWS. */
export const LOCAL_REGION = 'us-east-1';

/** The emulator's account for {@link LOCAL_CREDENTIALS}. */
export const LOCAL_ACCOUNT = '000000000000';

/** Dummy credentials, which can't reach a real account. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/** Which local AWS to use. */
export interface LocalSettings {
  /** A running AWS to use. */
  readonly endpoint?: string;
  /** Port to look for an emulator, and to start one if none answers. */
  readonly port: number;
}

/**
 * Reads `AWS_ENDPOINT_URL` and `COATCHECK_LOCAL_PORT`.
 * @throws ConfigurationError for an invalid value
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

/** Variables that point AWS tools to the local AWS. */
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
 * The environment of a tool that uses the local AWS. It has none of the user's AWS settings, neither variables nor files,
 * so that a mistake can't reach a real account. The project's Node comes first on its `PATH`.
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

/** The environment of the emulator. Its functions inherit it, so it has as little of the user's as possible, as on AWS. */
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
    // Host in the URLs that it returns; must be the host that clients connect to.
    MINISTACK_HOST: hostname,
    MINISTACK_REGION: LOCAL_REGION,
    // These two would listen on additional ports.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
  };
}

function pathWithOurNode(inherited: NodeJS.ProcessEnv): string {
  return [join(PROJECT_FOLDER, 'node_modules', '.bin'), inherited.PATH].filter(Boolean).join(delimiter);
}
