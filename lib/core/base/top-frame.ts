/** `    at async Orders.pay (file:///app/orders.ts:4:9)`, or without the function. Lines of stacks are short: 2,000 characters at most. */
const FRAME = /^ *at (?:async )?(?:(.*) \()?(.*):\d+:\d+\)?$/;

/** Where there is no code of the handler. */
const FOREIGN = /^node:|[\\/]node_modules[\\/]/;

/**
 * The name of a function. Names of up to three characters are those of minified bundles, which have other ones with each
 * build. A frame without its name is less exact, but it stays the same.
 */
const NAME = /([\w$]{4,})(?: \[as .*)?$/;

/** Most characters of a frame. */
const FRAME_MAX_LENGTH = 100;

/**
 * Where an error comes from: the first function in its stack that is neither Node's nor a dependency's, and the base name
 * of its file, `chargeCard (charge.ts)`. Without a line, so that other changes of the file keep it.
 * @param stack at most 2,000 characters; undefined for a thrown value that has none
 * @param message of the error, which the stack starts with: it may look like frames
 */
export function topFrame(stack = '', message = ''): string | undefined {
  const at = stack.indexOf(message);
  for (const line of stack.slice(at < 0 ? 0 : at + message.length).split('\n')) {
    const [, call = '', place] = FRAME.exec(line) ?? [];
    if (!place || FOREIGN.test(place)) continue;
    const [name, file] = [NAME.exec(call)?.[1], place.split(/[\\/]/).at(-1)];
    return (name ? `${name} (${file})` : file)?.slice(0, FRAME_MAX_LENGTH);
  }
  return undefined;
}
