import { InvalidArgumentError } from 'commander';
import { type NumberSettingName, numberProblem } from '../core/config/settings.ts';

/** A reader of an option that stands for a setting of the service, within that setting's limits. */
export function readSetting(name: NumberSettingName): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : text;
    const problem = numberProblem(name, value, 'It');
    if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
    return Number(text);
  };
}
