import { InvalidArgumentError } from 'commander';
import { type NumberSettingName, numberProblem } from '../core/config/settings.ts';

/** Returns a parser for an option that stands for a setting of the service and has the same limits. */
export function readSetting(name: NumberSettingName): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : text;
    const problem = numberProblem(name, value, 'It');
    if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
    return Number(text);
  };
}
