import { Command, CommanderError } from 'commander';
import { planCommand } from './plan/command.ts';

/** The exit code when the command line is wrong. */
const USAGE_EXIT_CODE = 2;

/**
 * Runs the command line, which is one command after the program's name.
 * @returns the exit code: 0, or 2 when what was asked for makes no sense; what it says of that is printed
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('coatcheck')
    .description(
      'Asynchronous request processing on AWS: hand in a payload, get a ticket, collect the result.',
    )
    .exitOverride();
  for (const command of [planCommand()]) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    throw error;
  }
}
