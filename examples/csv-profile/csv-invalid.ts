/** The file isn't valid CSV. Retrying can't help. */
export class CsvInvalid extends Error {
  override readonly name = 'CsvInvalid';
  /** First line of the invalid record, from 1. */
  readonly line: number;
  /** What is wrong. */
  readonly problem: string;

  constructor(line: number, problem: string, options?: ErrorOptions) {
    super(`line ${line}: ${problem}`, options);
    this.line = line;
    this.problem = problem;
  }
}
