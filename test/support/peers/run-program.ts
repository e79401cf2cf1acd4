import { execFile } from 'node:child_process';

/** Options of {@link runProgram}. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Its standard input. @default - nothing */
  readonly input?: string;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs a program.
 * @returns its standard output
 * @throws Error with its standard error if it fails
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { input = '', ...options }: ProgramOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { ...options, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin?.end(input);
  });
}
