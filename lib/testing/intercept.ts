/** Runs one call of a port. It may do anything before, after or instead of the effect. */
export type Around = <Value>(call: string, effect: () => Promise<Value>) => Promise<Value>;

/** Members of ports that return at once. */
const SYNCHRONOUS: ReadonlySet<string | symbol> = new Set(['sizeOf']);

/** A port whose asynchronous calls run through `around`. All its other members stay as they are. */
export function intercept<Port extends object>(port: Port, around: Around): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (SYNCHRONOUS.has(name)) return member.bind(target);
      return (...args: readonly unknown[]) => around(String(name), async () => member.apply(target, args));
    },
  });
}
