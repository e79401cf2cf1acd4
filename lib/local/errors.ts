import { CoatcheckError } from '../core/base/errors.ts';

const OR_BRING_YOUR_OWN = 'Or set AWS_ENDPOINT_URL to a running AWS emulator.';

/** There is no Python, or only older ones. */
export class PythonMissing extends CoatcheckError {
  override readonly name = 'PythonMissing';
  readonly code = 'python_missing';

  /** @param found Pythons that are too old, such as `python3 3.8.10` */
  constructor(minimum: string, found: readonly string[]) {
    super(
      `The local AWS requires Python ${minimum} or later; ${found.length > 0 ? `found only ${found.join(', ')}` : 'found none on the PATH'}.
Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python; else https://www.python.org/downloads/)
and run this again. ${OR_BRING_YOUR_OWN}`,
    );
  }
}

/** The `venv` module is missing; on Debian and Ubuntu it is a separate package. */
export class VenvMissing extends CoatcheckError {
  override readonly name = 'VenvMissing';
  readonly code = 'venv_missing';

  constructor(python: string, output: string) {
    super(
      `${python} can't create a virtual environment. Its output:
${indented(output)}
On Debian and Ubuntu: apt install python3-venv. Then run this again. ${OR_BRING_YOUR_OWN}`,
    );
  }
}

/** pip couldn't install a tool. */
export class InstallFailed extends CoatcheckError {
  override readonly name = 'InstallFailed';
  readonly code = 'install_failed';

  constructor(tool: string, output: string) {
    super(
      `Installing ${tool} failed. Output of pip:
${indented(output)}
Check the connection to the Python package index (pip's settings for proxies and mirrors apply) and run this again.`,
    );
  }
}

/** The folder of the local AWS isn't writable. */
export class FolderUnusable extends CoatcheckError {
  override readonly name = 'FolderUnusable';
  readonly code = 'folder_unusable';

  constructor(folder: string, cause: unknown) {
    super(
      `The folder of the local AWS, ${folder}, isn't writable: ${cause instanceof Error ? cause.message : cause}
Make it a writable folder, or remove it.`,
      { cause },
    );
  }
}

/** Another program uses the port. */
export class PortTaken extends CoatcheckError {
  override readonly name = 'PortTaken';
  readonly code = 'port_taken';

  constructor(port: number, variable: string) {
    super(
      `Port ${port} is in use by a program that isn't a local AWS.
Stop that program, or set ${variable} to another port, for example ${variable}=${port === 65_535 ? port - 1 : port + 1}.`,
    );
  }
}

/** The emulator stopped by itself or never became ready. */
export class EmulatorFailed extends CoatcheckError {
  override readonly name = 'EmulatorFailed';
  readonly code = 'emulator_failed';

  constructor(problem: string, log: string, output: string) {
    super(`The local AWS ${problem}. The end of its log (${log}):\n${indented(output)}`);
  }
}

/** Nothing answers at the configured endpoint. */
export class EndpointSilent extends CoatcheckError {
  override readonly name = 'EndpointSilent';
  readonly code = 'endpoint_silent';

  constructor(endpoint: string, cause: unknown) {
    super(
      `Nothing answers at AWS_ENDPOINT_URL, ${endpoint}.
Start the AWS emulator there, or unset the variable to start a local AWS.`,
      { cause },
    );
  }
}

/** A local AWS that another program started has stopped. */
export class LocalAwsGone extends CoatcheckError {
  override readonly name = 'LocalAwsGone';
  readonly code = 'local_aws_gone';

  constructor(endpoint: string, cause: unknown) {
    super(
      `The local AWS at ${endpoint} stopped answering: the program that started it has ended. Run this again.`,
      { cause },
    );
  }
}

/** The CDK failed to bootstrap or deploy. */
export class DeploymentFailed extends CoatcheckError {
  override readonly name = 'DeploymentFailed';
  readonly code = 'deployment_failed';

  constructor(what: string, output: string, log: string) {
    super(
      `${what} failed. Output of the CDK:
${indented(output)}
The full output is in ${log}. Fix the cause and run this again.`,
    );
  }
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
