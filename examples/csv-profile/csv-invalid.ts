/** The file is not a CSV this profiler reads, and won't be on another attempt. */
export class CsvInvalid extends Error {
  override readonly name = 'CsvInvalid';
  /** The first line of the record that is broken, from 1. */
  readonly line: number;
  /** What is wrong with it. */
  readonly problem: string;

  constructor(line: number, problem: string, options?: ErrorOptions) {
    super(`line ${line}: ${problem}`, options);
    this.line = line;
    this.problem = problem;
  }
}
