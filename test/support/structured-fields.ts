/**
 * Parses a dictionary of numbers strictly by RFC 9651.
 * @see https://www.rfc-editor.org/rfc/rfc9651#name-dictionaries
 */
export function numberDictionary(text: string | null): Record<string, number> {
  if (text === null) throw new Error('There is no dictionary');
  const members = text.split(/[ \t]*,[ \t]*/).map((member) => {
    const [, name, value] = MEMBER.exec(member) ?? [];
    if (name === undefined)
      throw new Error(`${JSON.stringify(member)} is no member of a dictionary of numbers`);
    return [name, Number(value)] as const;
  });
  if (new Set(members.map(([name]) => name)).size < members.length)
    throw new Error(`${text} repeats a member`);
  return Object.fromEntries(members);
}

/** An integer has 15 digits at most, a decimal 12 before its point and 3 after it. */
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=(-?(?:\d{1,15}|\d{1,12}\.\d{1,3}))$/;
