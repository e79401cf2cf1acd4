import { type Command, Option } from 'commander';
import { readUrl } from './quantities.ts';

/** Gives the token of an API whose callers have one. */
export const TOKEN_VARIABLE = 'COATCHECK_TOKEN';

/** Which deployed service. */
export interface DeploymentOptions {
  readonly stack?: string;
  readonly service?: string;
}

/** Which service, and who calls. */
export interface ServiceOptions extends DeploymentOptions {
  readonly api?: string;
  readonly token?: string;
  readonly json?: true;
}

/** Of commands that are about requests whose ids are given. */
export interface RequestOptions extends ServiceOptions {
  readonly source?: string;
}

/** Declares the options of every command that calls the API. */
export function addServiceOptions(command: Command): Command {
  const token = new Option('--token <token>', 'a token for the API (default: AWS credentials)');
  return addDeploymentOptions(command)
    .addOption(
      new Option('--api <url>', "the API's URL, without /v1")
        .argParser(readUrl)
        .conflicts(['stack', 'service']),
    )
    .addOption(token.env(TOKEN_VARIABLE))
    .addOption(jsonOption());
}

/** Declares the options that name a deployed service. */
export function addDeploymentOptions(command: Command): Command {
  return command
    .option(
      '--stack <name>',
      'the stack of the service (default: the local one if it runs, else Coatcheck, else the only one)',
    )
    .option('--service <path>', 'the service, where the stack has several: see coatcheck services');
}

/** For programs. */
export function jsonOption(): Option {
  return new Option('--json', 'print it for programs, a line of JSON each');
}

/** Declares the options of every command that takes ids. */
export function addRequestOptions(command: Command): Command {
  return addServiceOptions(command).option('--source <source>', "who gave the id, if it wasn't the API");
}
