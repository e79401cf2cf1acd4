import { type Command, Option } from 'commander';
import { readUrl } from './quantities.ts';

/** Environment variable with a token for the API. */
export const TOKEN_VARIABLE = 'COATCHECK_TOKEN';

/** Options that select a deployed service. */
export interface DeploymentOptions {
  readonly stack?: string;
  readonly service?: string;
}

/** Options that select the API of a service. */
export interface ApiOptions extends DeploymentOptions {
  readonly api?: string;
  readonly token?: string;
}

/** Options of commands that call the API, and print what it answers. */
export interface ServiceOptions extends ApiOptions {
  readonly json?: true;
}

/** Options of commands that take ids of requests. */
export interface RequestCommandOptions extends ServiceOptions {
  readonly source?: string;
}

/** Options of commands that operators use for requests of any tenant. */
export interface TenantCommandOptions extends RequestCommandOptions {
  readonly tenant?: string;
}

/** Declares the options of every command that calls the API and prints what it answers. */
export function addServiceOptions(command: Command): Command {
  return addApiOptions(command).addOption(jsonOption());
}

/** Declares the options of every command that calls the API. */
export function addApiOptions(command: Command): Command {
  const token = new Option('--token <token>', 'token for the API (default: AWS credentials)');
  return addDeploymentOptions(command)
    .addOption(
      new Option('--api <url>', 'URL of the API, without /v1')
        .argParser(readUrl)
        .conflicts(['stack', 'service']),
    )
    .addOption(token.env(TOKEN_VARIABLE));
}

/** Declares the options that select a deployed service. */
export function addDeploymentOptions(command: Command): Command {
  return command
    .option(
      '--stack <name>',
      'stack of the service (default: coatcheck dev, coatcheck serve or the local AWS if it runs, else Coatcheck, else the only one)',
    )
    .option('--service <path>', 'service, if the stack has several (see coatcheck services)');
}

/** Declares `--json`. */
export function jsonOption(): Option {
  return new Option('--json', 'print lines of JSON');
}

/** Declares the options of every command that takes ids of requests. */
export function addRequestOptions(command: Command): Command {
  return addServiceOptions(command).option(
    '--source <source>',
    'source of the CloudEvent, if the request came as one',
  );
}

/** Declares `--tenant`. */
export function addTenantOption(command: Command): Command {
  return command.option('--tenant <tenant>', 'tenant of the request (operators only)');
}
