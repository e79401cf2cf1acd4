/**
 * The problems of settings that are null. JavaScript programs write it for what they leave out, and a default applies to undefined only.
 * @param path of the settings; empty for all of them
 */
export function nullProblems(settings: unknown, path = ''): string[] {
  if (settings === null) return [`${path || 'The settings'} must be left out or have a value, got null`];
  if (Array.isArray(settings))
    return settings.flatMap((each, index) => nullProblems(each, `${path}[${index}]`));
  if (!isLiteral(settings)) return [];
  return Object.entries(settings).flatMap(([name, value]) =>
    nullProblems(value, path === '' ? name : `${path}.${name}`),
  );
}

/** Whether a value is an object that a program wrote down, and not an instance of a class, such as a queue. */
export function isLiteral(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
