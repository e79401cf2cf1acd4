/** Most characters of a frame. */
const FRAME_MAX_LENGTH = 100;

/**
 * Minified bundles have names that are this short, or shorter, and other ones with each build. A frame without its name is
 * less exact, but it stays the same.
 */
const MINIFIED_MAX_LENGTH = 3;

/**
 * Where an error comes from: the first function in its stack that is neither Node's nor a dependency's, and the base name
 * of its file, `chargeCard (charge.ts)`. Without a line, so that other changes of the file keep it.
 * @param stack undefined for a thrown value that has none
 * @param message of the error, which the stack starts with: it may look like frames
 */
export function topFrame(stack: string | undefined, message: string): string | undefined {
  if (stack === undefined) return undefined;
  const at = stack.indexOf(message);
  const lines = stack.slice(at < 0 ? 0 : at + message.length).split('\n');
  for (const line of lines) {
    const frame = frameOf(line.trim());
    if (frame) return frame.slice(0, FRAME_MAX_LENGTH);
  }
  return undefined;
}

/** @param line `at async Orders.pay (file:///app/orders.ts:4:9)`, or without the function */
function frameOf(line: string): string | undefined {
  if (!line.startsWith('at ')) return undefined;
  const open = line.lastIndexOf(' (');
  const place = line.slice(open < 0 ? 3 : open + 2);
  const file = /([^\\/]+?):\d+:\d+\)?$/.exec(place)?.[1];
  if (!file || /^(async )?node:|[\\/]node_modules[\\/]/.test(place)) return undefined;
  const name = open < 0 ? undefined : /([\w$]+)(?: \[as .*)?$/.exec(line.slice(3, open))?.[1];
  return name && name.length > MINIFIED_MAX_LENGTH ? `${name} (${file})` : file;
}
