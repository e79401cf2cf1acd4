import { ConfigurationError } from '../base/errors.ts';
import { isObject } from '../base/json-object.ts';
import { nearestName } from '../base/nearest-name.ts';
import { quote } from '../base/quote.ts';
import { isLiteral, nullProblems } from './null-problems.ts';

/** What a value must be that a program passes. TypeScript checks that too, but JavaScript programs can pass anything. */
export interface Shape {
  /** Says it in messages. */
  readonly what: string;
  /** Whether the value must not be left out. */
  readonly isRequired?: true;
  /** Whether null is a value, and not a way to leave it out. */
  readonly takesNull?: true;
  /** @param value neither undefined nor null @returns the problems with it, each with its path */
  readonly problemsOf: (value: unknown, path: string) => readonly string[];
}

/** The shapes of all members of an object. A member that gets lost here doesn't compile. */
export type MemberShapes<Value> = { readonly [Name in keyof Required<Value>]: Shape };

/** A value that a function recognizes. */
export function shape(what: string, fits: (value: unknown) => boolean): Shape {
  return { what, problemsOf: (value, path) => (fits(value) ? [] : [misfit(what, value, path)]) };
}

export const TEXT = shape('a text', (value) => typeof value === 'string');
export const FLAG = shape('true or false', (value) => typeof value === 'boolean');
export const NUMBER = shape('a number', (value) => typeof value === 'number');
export const FUNCTION = shape('a function', (value) => typeof value === 'function');
export const DATE = having('getTime', 'a Date');
export const SIGNAL = having('aborted', 'an AbortSignal');

/** A value that another check looks at. A literal has no member that is null. */
export const ANYTHING: Shape = { what: 'a value', problemsOf: nullProblems };

/** Any value. */
export const VALUE: Shape = { what: 'a value', takesNull: true, problemsOf: () => [] };

/** An object that has a member which others lack. An instance of a class of another copy of a package fits, too. */
export function having(member: string, what: string): Shape {
  return shape(what, (value) => isObject(value) && member in value);
}

/** One of several texts. */
export function oneOf(known: readonly string[]): Shape {
  return shape(`one of ${known.join(', ')}`, (value) => known.some((each) => each === value));
}

/** A value that must not be left out. */
export function required(given: Shape): Shape {
  return { ...given, isRequired: true };
}

/** A value that may be secret: messages show none of it. They show no object, but those of its members that aren't concealed. */
export function concealed(given: Shape): Shape {
  const { what, problemsOf } = given;
  return {
    ...given,
    problemsOf: (value, path) => {
      const problems = problemsOf(value, path);
      if (problems.length === 0 || typeof value === 'object') return problems;
      return [`${path} must be ${what}, got a ${typeof value}`];
    },
  };
}

/** A value of one shape or the other. */
export function either(first: Shape, second: Shape, what = `${first.what} or ${second.what}`): Shape {
  return {
    what,
    problemsOf: (value, path) => {
      if (first.problemsOf(value, path).length === 0) return [];
      const problems = second.problemsOf(value, path);
      // The members of an object or a list can have problems of their own.
      return problems.includes(misfit(second.what, value, path)) ? [misfit(what, value, path)] : problems;
    },
  };
}

/** A list. */
export function listOf(member: Shape): Shape {
  const what = 'a list';
  return {
    what,
    problemsOf: (list, path) =>
      Array.isArray(list)
        ? list.flatMap((each, index) => shapeProblems(required(member), each, `${path}[${index}]`))
        : [misfit(what, list, path)],
  };
}

/** An object with members of any name. */
export function recordOf(member: Shape): Shape {
  const what = 'an object';
  return {
    what,
    problemsOf: (record, path) =>
      isObject(record)
        ? Object.entries(record).flatMap(([name, each]) => shapeProblems(member, each, pathOf(path, name)))
        : [misfit(what, record, path)],
  };
}

/** An object with no other members than these. @param what says it in messages */
export function objectOf<Value>(members: MemberShapes<Value>, what = 'an object with settings'): Shape {
  const names = Object.keys(members);
  const { problemsOf } = openObjectOf(members, what);
  return {
    what,
    problemsOf: (value, path) => {
      const unknown = isObject(value)
        ? Object.keys(value).filter((name) => value[name] !== undefined && !names.includes(name))
        : [];
      // An instance of a class, such as a queue, has many members that aren't settings.
      if (unknown.length > 0 && !isLiteral(value)) return [misfit(what, value, path)];
      return [
        ...problemsOf(value, path),
        ...unknown.map((name) => unknownNameProblem(pathOf(path, name), name, names)),
      ];
    },
  };
}

/** An object with these members, and maybe others. */
export function openObjectOf<Value>(members: Partial<MemberShapes<Value>>, what = 'an object'): Shape {
  return {
    what,
    problemsOf: (value, path) =>
      isObject(value)
        ? Object.entries<Shape | undefined>(members).flatMap(([name, member]) =>
            member ? shapeProblems(member, value[name], pathOf(path, name)) : [],
          )
        : [misfit(what, value, path)],
  };
}

/** The problems with a value that must have a shape. @param path names the value; empty for the members of the whole */
export function shapeProblems(wanted: Shape, value: unknown, path: string): readonly string[] {
  if (value === undefined) return wanted.isRequired ? [misfit(wanted.what, value, path)] : [];
  if (value !== null || wanted.takesNull) return wanted.problemsOf(value, path);
  return wanted.isRequired ? [misfit(wanted.what, value, path)] : nullProblems(value, path);
}

/**
 * Checks the options of a function.
 * @param call names it
 * @throws ConfigurationError that names each option that is unknown, null or not what it must be
 */
export function assertOptions(call: string, options: unknown, wanted: Shape): void {
  assertObject(call, options);
  const problems = shapeProblems(wanted, options, '');
  if (problems.length > 0) throw new ConfigurationError(`${call}: ${problems.join('; ')}`);
}

/** @param call names the function that takes the options @throws ConfigurationError for null, and what else is no object */
export function assertObject(call: string, options: unknown): void {
  if (isObject(options)) return;
  throw new ConfigurationError(`${call} takes an object with options, got ${received(options)}`);
}

/**
 * Checks the options of a method. Unknown ones are ignored: a program may pass an object that has more.
 * @param call names the method
 * @returns the options
 * @throws TypeError that names each option that is null or not what it must be
 */
export function checkOptions<Options extends object>(
  call: string,
  options: Options,
  members: Partial<MemberShapes<Options>>,
): Options {
  if (!isObject(options)) throw new TypeError(`${call}: ${misfit('an object', options, 'the options')}`);
  const problems = shapeProblems(openObjectOf(members), options, '');
  if (problems.length > 0) throw new TypeError(`${call}: ${problems.join('; ')}`);
  return options;
}

/** @param call names the method @throws TypeError for an argument that is no text, or an empty one */
export function assertText(call: string, name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${call}: ${misfit('a text that is not empty', value, name)}`);
}

/** @param call names the method @throws TypeError for an argument that is no function */
export function assertFunction(call: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${call}: ${misfit('a function', value, name)}`);
}

/** @param call names the method @throws TypeError for an argument that isn't iterable */
export function assertIterable(call: string, name: string, value: unknown): void {
  const isIterable = isObject(value) && (Symbol.iterator in value || Symbol.asyncIterator in value);
  if (Array.isArray(value) || isIterable) return;
  throw new TypeError(`${call}: ${misfit('a list, or another iterable', value, name)}`);
}

/** The problem with a name that nothing has. @param path of what has the name */
export function unknownNameProblem(path: string, name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return `${path} is not one of ${known.join(', ')}${near === undefined ? '' : `: did you mean ${near}?`}`;
}

function misfit(what: string, value: unknown, path: string): string {
  return `${path} must be ${what}, got ${received(value)}`;
}

/** Objects aren't quoted: they may be secret, or refer to themselves. */
function received(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isObject(value)) return quote(value);
  const { constructor: Class } = value;
  return isLiteral(value) || typeof Class !== 'function' ? 'another object' : `an instance of ${Class.name}`;
}

function pathOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
