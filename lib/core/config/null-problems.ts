/**
 * The problems of settings that are null. JavaScript programs write it for what they leave out, and a default applies to undefined only.
 * @param path of the settings; empty for all of them
 */
export function nullProblems(settings: unknown, path = ''): string[] {
  if (settings === null) return [`${path || 'The settings'} must be left out or have a value, got null`];
  if (!isPlain(settings)) return [];
  return Object.entries(settings).flatMap(([name, value]) =>
    nullProblems(value, path === '' ? name : `${path}.${name}`),
  );
}

/** Whether a value is a literal of a program, and not an instance of a class, such as a queue. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
