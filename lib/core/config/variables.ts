import { ConfigurationError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { serviceLinkRemedy } from './service-link.ts';
import { NUMBER_SETTINGS, type NumberSettingName, numberProblem, rangeProblem } from './settings.ts';

/** Environment variables, such as `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** How to write a value to an environment variable and read it back. */
export interface Variable<Value> {
  readonly name: string;
  readonly write: (value: Value) => string;
  /** @param problems receives the problem of an invalid text; the returned value is then meaningless */
  readonly read: (text: string | undefined, problems: string[]) => Value;
}

/** The variables of all values of an environment. */
export type VariablesOf<Environment> = { readonly [Name in keyof Environment]: Variable<Environment[Name]> };

/** Writes an environment to variables, without those that are empty: a function has room for 4 KB, and names count. */
export function writeVariables<Environment extends object>(
  variables: VariablesOf<Environment>,
  environment: Environment,
): Record<string, string> {
  const written: Record<string, string> = {};
  for (const name in variables) {
    const variable = variables[name];
    const text = variable.write(environment[name]);
    if (text !== '') written[variable.name] = text;
  }
  return written;
}

/**
 * Reads back what {@link writeVariables} wrote.
 * @param what names the environment in messages
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
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
  // All values have been read.
  return values as Environment;
}

/** A text that isn't blank. */
export function text(name: string): Variable<string> {
  return { name, write: String, read: (given, problems) => required(name, given, problems) };
}

/** A text that may be empty. A platform may omit empty variables. */
export function optionalText(name: string): Variable<string> {
  return { name, write: String, read: (given = '') => given };
}

/** Texts separated by spaces, which bucket names and valid prefixes can't contain. */
export function list(name: string): Variable<readonly string[]> {
  return {
    name,
    write: (values) => values.join(' '),
    read: (given, problems) => required(name, given, problems).split(' ').filter(Boolean),
  };
}

/** Texts of the same length, without separators: all variables of a function have at most 4 KB. */
export function listOfEqual(name: string, length: number): Variable<readonly string[]> {
  return {
    name,
    write: (values) => values.join(''),
    read: (given, problems) => required(name, given, problems).match(new RegExp(`.{${length}}`, 'g')) ?? [],
  };
}

/** Texts without spaces by names without an equals sign; maybe none. Written as `name=text name=text`. */
export function pairs(name: string): Variable<Readonly<Record<string, string>>> {
  return {
    name,
    write: (values) =>
      Object.entries(values)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    read: (given = '', problems) => {
      const parts = given.split(' ').filter(Boolean);
      const malformed = parts.filter((part) => !/^[^=]+=./.test(part));
      if (malformed.length > 0) {
        problems.push(
          `${name} must be name=text, separated by spaces, got ${malformed.map((part) => quote(part)).join(', ')}`,
        );
      }
      return Object.fromEntries(
        parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
      );
    },
  };
}

/** One of several texts. */
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
        problems.push(`${name} must be one of ${choices.join(', ')}, got ${quote(value)}`);
      }
      return chosen ?? choices[0];
    },
  };
}

/** One or more of several texts. */
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
        problems.push(
          `${name} must be one or more of ${known.join(', ')}, separated by spaces, got ${quote(given)}`,
        );
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

/** The settings that are passed to functions. */
type PassedSetting = {
  [Name in NumberSettingName]: (typeof NUMBER_SETTINGS)[Name] extends { readonly variable: string }
    ? Name
    : never;
}[NumberSettingName];

/** A number, with the variable and the limits of its setting. */
export function setting(name: PassedSetting): Variable<number> {
  const { variable } = NUMBER_SETTINGS[name];
  return numeric(variable, (value) => numberProblem(name, value, variable));
}

/** Passed settings that have a default. */
type DefaultedSetting = {
  [Name in PassedSetting]: (typeof NUMBER_SETTINGS)[Name] extends { readonly default: number } ? Name : never;
}[PassedSetting];

/** Like {@link setting}, with the default of the setting. */
export function defaultedSetting(name: DefaultedSetting): Variable<number> {
  return withDefault(setting(name), NUMBER_SETTINGS[name].default);
}

/** Like {@link setting}, for a setting that may be off. */
export function optionalSetting(name: PassedSetting): Variable<number | undefined> {
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
      : `${name} must be a whole number of ${unit} from 1, got ${quote(value)}`,
  );
}

/** A whole number within bounds. @param unit empty if it has none */
export function whole(name: string, unit: string, min: number, max: number): Variable<number> {
  return numeric(name, (value) => rangeProblem({ unit, min, max }, value, name));
}

/** A variable that has a default: it applies if the variable is missing or empty, so that it isn't written. */
export function withDefault<Value>(variable: Variable<Value>, value: Value): Variable<Value> {
  const omitted = variable.write(value);
  return {
    ...variable,
    write: (given) => {
      const written = variable.write(given);
      return written === omitted ? '' : written;
    },
    read: (given = '', problems) => (given.trim() === '' ? value : variable.read(given, problems)),
  };
}

/** Like {@link count}, for a number that may be unknown. */
export function optionalCount(name: string, unit: string): Variable<number | undefined> {
  return optional(count(name, unit));
}

/** The highest port. */
export const MAX_PORT = 65_535;

/** One or more ports, separated by spaces. */
export function ports(name: string): Variable<readonly number[]> {
  const { read } = list(name);
  return {
    name,
    write: (values) => values.join(' '),
    read: (given, problems) => {
      const values = read(given, problems).map(wholeNumberIn);
      if (!values.every((value) => value >= 1 && value <= MAX_PORT)) {
        problems.push(
          `${name} must be ports from 1 to ${MAX_PORT}, separated by spaces, got ${quote(given)}`,
        );
      }
      return values;
    },
  };
}

/** @param problemOf returns the problem with a number, or with a text that isn't a number */
function numeric(name: string, problemOf: (value: unknown) => string | undefined): Variable<number> {
  return {
    name,
    write: String,
    read: (given, problems) => {
      const value = wholeNumberIn(given);
      const problem = given === undefined ? missing(name) : problemOf(Number.isNaN(value) ? given : value);
      if (problem) problems.push(problem + serviceLinkRemedy(given));
      return value;
    },
  };
}

/** A whole number in decimal digits. JavaScript reads `1e1`, `0x10`, `+5` and ` 5 ` as numbers, too. */
function wholeNumberIn(text = ''): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function required(name: string, given = '', problems: string[]): string {
  if (given.trim() === '') problems.push(missing(name));
  return given;
}

function missing(name: string): string {
  return `${name} must be set, got nothing`;
}
