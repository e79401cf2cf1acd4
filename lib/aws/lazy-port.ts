import { lazy } from './lazy.ts';

/** Methods that can wait until their port is open. */
type AsyncMethods<Name extends PropertyKey> = Readonly<Record<Name, (...args: never[]) => Promise<unknown>>>;

/**
 * A port that is opened by the first call of one of its methods, so that a function starts without the AWS client that the
 * port needs. If that fails, the next call tries again.
 * @param methods those that are forwarded
 */
export function lazyPort<const Name extends string, Port extends AsyncMethods<Name>>(
  methods: readonly Name[],
  open: () => Promise<Port>,
): Pick<Port, Name>;
// The types of the methods don't follow from the entries that they are made of.
export function lazyPort<Name extends string>(
  methods: readonly Name[],
  open: () => Promise<AsyncMethods<Name>>,
): object {
  const opened = lazy(open);
  const forward =
    (name: Name) =>
    async (...args: readonly never[]) => {
      const port = await opened();
      return port[name](...args);
    };
  return Object.fromEntries(methods.map((name) => [name, forward(name)]));
}
