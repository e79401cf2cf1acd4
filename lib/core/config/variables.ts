import { ConfigurationError } from '../base/errors.ts';
import { NUMBER_SETTINGS, type NumberSettingName, numberProblem } from './settings.ts';

/** As `process.env` is. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** How one value travels in a variable. */
export interface Variable<Value> {
  readonly name: string;
  readonly write: (value: Value) => string;
  /** @param problems receives what is wrong with the text; then what is returned is of no use */
  readonly read: (text: string | undefined, problems: string[]) => Value;
}

/** How each value of an environment travels. */
export type VariablesOf<Environment> = { readonly [Name in keyof Environment]: Variable<Environment[Name]> };

/** An environment as variables. */
export function writeVariables<Environment extends object>(
  variables: VariablesOf<Environment>,
  environment: Environment,
): Record<string, string> {
  const written: Record<string, string> = {};
  for (const name in variables) written[variables[name].name] = variables[name].write(environment[name]);
  return written;
}

/**
 * Reads back what {@link writeVariables} wrote.
 * @param what names the environment in messages
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readVariables<Environment extends object>(
  variables: VariablesOf<Environment>,
  given: Variables,
  what: string,
): Environment {
  const problems: string[] = [];
  const values: Partial<Environment> = {};
  for (const name in variables) {
    const variable = variables[name];
    values[name] = variable.read(given[variable.name], problems);
  }
  if (problems.length > 0) throw new ConfigurationError(`${what} is not usable: ${problems.join('; ')}`);
  // Every one of them has been read.
  return values as Environment;
}

/** Text that is never blank. */
export function text(name: string): Variable<string> {
  return { name, write: String, read: (given, problems) => required(name, given, problems) };
}

/** Text that may be empty; a platform may leave out such a variable. */
export function optionalText(name: string): Variable<string> {
  return { name, write: String, read: (given = '') => given };
}

/** Texts separated by spaces: neither bucket names nor the prefixes we accept hold one. */
export function list(name: string): Variable<readonly string[]> {
  return {
    name,
    write: (values) => values.join(' '),
    read: (given, problems) => required(name, given, problems).split(' ').filter(Boolean),
  };
}

/** One of a few texts. */
export function choice<Choice extends string>(
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Variable<Choice> {
  return {
    name,
    write: String,
    read: (given, problems) => {
      const value = required(name, given, problems);
      const chosen = choices.find((known) => known === value);
      if (value.trim() !== '' && !chosen) {
        problems.push(`${name} must be one of ${choices.join(', ')}, got ${value}`);
      }
      return chosen ?? choices[0];
    },
  };
}

/** Some of a few texts, at least one. */
export function choices<Choice extends string>(
  name: string,
  known: readonly Choice[],
): Variable<readonly Choice[]> {
  const { write, read } = list(name);
  return {
    name,
    write,
    read: (given, problems) => {
      const values = read(given, problems);
      if (values.some((value) => !known.some((one) => one === value))) {
        problems.push(`${name} must be of ${known.join(', ')}, got ${given}`);
      }
      return known.filter((one) => values.includes(one));
    },
  };
}

/** Yes or no. */
export function flag(name: string): Variable<boolean> {
  const { read } = choice(name, ['off', 'on']);
  return {
    name,
    write: (value) => (value ? 'on' : 'off'),
    read: (given, problems) => read(given, problems) === 'on',
  };
}

/** The settings that functions learn. */
type ToldSetting = {
  [Name in NumberSettingName]: (typeof NUMBER_SETTINGS)[Name] extends { readonly variable: string }
    ? Name
    : never;
}[NumberSettingName];

/** A number with the variable and the limits of its setting. */
export function setting(name: ToldSetting): Variable<number> {
  const { variable } = NUMBER_SETTINGS[name];
  return numeric(variable, (value) => numberProblem(name, value, variable));
}

/** As {@link setting}, of one that may be off. */
export function optionalSetting(name: ToldSetting): Variable<number | undefined> {
  return optional(setting(name));
}

function optional(variable: Variable<number>): Variable<number | undefined> {
  return {
    name: variable.name,
    write: (value) => (value === undefined ? '' : variable.write(value)),
    read: (given = '', problems) => (given === '' ? undefined : variable.read(given, problems)),
  };
}

/** A whole number from 1. */
export function count(name: string, unit: string): Variable<number> {
  return numeric(name, (value) =>
    Number.isSafeInteger(value) && Number(value) >= 1
      ? undefined
      : `${name} must be a whole number of ${unit} from 1, got ${value}`,
  );
}

/** As {@link count}, of a number that may be unknown. */
export function optionalCount(name: string, unit: string): Variable<number | undefined> {
  return optional(count(name, unit));
}

/** Whole numbers from 1, at least one. @param what says what each of them is */
export function counts(name: string, what: string): Variable<readonly number[]> {
  const { read } = list(name);
  return {
    name,
    write: (values) => values.join(' '),
    read: (given, problems) => {
      const values = read(given, problems).map(Number);
      if (!values.every((value) => Number.isSafeInteger(value) && value >= 1)) {
        problems.push(`${name} must be whole numbers from 1, each ${what}, got ${given}`);
      }
      return values;
    },
  };
}

/** @param problemOf what is wrong with a number, or with a text that is none */
function numeric(name: string, problemOf: (value: unknown) => string | undefined): Variable<number> {
  return {
    name,
    write: String,
    read: (given, problems) => {
      const value = given === undefined || given.trim() === '' ? Number.NaN : Number(given);
      const problem = given === undefined ? missing(name) : problemOf(Number.isNaN(value) ? given : value);
      if (problem) problems.push(problem);
      return value;
    },
  };
}

function required(name: string, given = '', problems: string[]): string {
  if (given.trim() === '') problems.push(missing(name));
  return given;
}

function missing(name: string): string {
  return `${name} must be set, got nothing`;
}
