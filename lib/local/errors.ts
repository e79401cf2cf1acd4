import { CoatcheckError } from '../core/base/errors.ts';

/** What a user can do to have no local AWS started at all. */
const OR_BRING_YOUR_OWN = 'Or set AWS_ENDPOINT_URL to an AWS emulator that runs already.';

/** No Python, or none that is new enough. */
export class PythonMissing extends CoatcheckError {
  readonly code = 'python_missing';

  /** @param found the Pythons that are too old, as `python3 3.8.10` */
  constructor(minimum: string, found: readonly string[]) {
    super(
      `The local AWS needs Python ${minimum} or later; ${found.length > 0 ? `found only ${found.join(', ')}` : 'found none on the PATH'}.
Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python; else https://www.python.org/downloads/)
and run this again. ${OR_BRING_YOUR_OWN}`,
    );
  }
}

/** A Python whose `venv` module doesn't work: Debian and Ubuntu ship it apart. */
export class VenvMissing extends CoatcheckError {
  readonly code = 'venv_missing';

  constructor(python: string, output: string) {
    super(
      `${python} can't make a virtual environment. It said:
${indented(output)}
On Debian and Ubuntu: apt install python3-venv. Then run this again. ${OR_BRING_YOUR_OWN}`,
    );
  }
}

/** pip couldn't install a tool. */
export class InstallFailed extends CoatcheckError {
  readonly code = 'install_failed';

  constructor(tool: string, output: string) {
    super(
      `Installing ${tool} failed. pip said:
${indented(output)}
Check the connection to the Python package index (a proxy or a mirror is set as for any pip) and run this again.`,
    );
  }
}

/** Nothing can be written where the local AWS keeps its files. */
export class FolderUnusable extends CoatcheckError {
  readonly code = 'folder_unusable';

  constructor(folder: string, cause: unknown) {
    super(
      `The local AWS keeps its files in ${folder}, and nothing can be written there: ${cause instanceof Error ? cause.message : cause}
Make it a folder that you may write to, or remove it.`,
      { cause },
    );
  }
}

/** Something that isn't a local AWS listens on the port. */
export class PortTaken extends CoatcheckError {
  readonly code = 'port_taken';

  constructor(port: number, variable: string) {
    super(
      `Port ${port} is taken by something that isn't a local AWS.
Stop that, or choose another port by setting ${variable}, for example ${variable}=${port === 65_535 ? port - 1 : port + 1}.`,
    );
  }
}

/** The emulator ended by itself or never became ready. */
export class EmulatorFailed extends CoatcheckError {
  readonly code = 'emulator_failed';

  constructor(problem: string, log: string, output: string) {
    super(`The local AWS ${problem}. The end of its log (${log}):\n${indented(output)}`);
  }
}

/** Nothing answers where the user's AWS should be. */
export class EndpointSilent extends CoatcheckError {
  readonly code = 'endpoint_silent';

  constructor(endpoint: string, cause: unknown) {
    super(
      `AWS_ENDPOINT_URL is ${endpoint}, and nothing answers there.
Start what should, or unset the variable to have a local AWS started.`,
      { cause },
    );
  }
}

/** An AWS that was used stopped answering, and it wasn't ours to keep running. */
export class LocalAwsGone extends CoatcheckError {
  readonly code = 'local_aws_gone';

  constructor(endpoint: string, cause: unknown) {
    super(
      `The local AWS at ${endpoint} stopped answering: the program that started it has ended. Run this again.`,
      { cause },
    );
  }
}

/** The CDK couldn't bootstrap or deploy. */
export class DeploymentFailed extends CoatcheckError {
  readonly code = 'deployment_failed';

  constructor(what: string, output: string, log: string) {
    super(
      `${what} failed. The CDK said:
${indented(output)}
All of what it said is in ${log}. Correct what it names and run this again.`,
    );
  }
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
