import { jsonValue } from '../base/json.ts';
import { areLimits, type Limit, limitsProblem } from './limits.ts';
import { type Variable, withDefault } from './variables.ts';

/** The limits that a deployment passes on, as JSON. */
export function limitsVariable(): Variable<readonly Limit[]> {
  const name = 'COATCHECK_LIMITS';
  const variable: Variable<readonly Limit[]> = {
    name,
    write: (limits) => (limits.length === 0 ? '' : JSON.stringify(limits)),
    read: (given = '', problems) => {
      const limits: unknown = jsonValue(given) ?? given;
      if (areLimits(limits)) return limits;
      problems.push(limitsProblem(name, limits) ?? '');
      return [];
    },
  };
  return withDefault(variable, []);
}
