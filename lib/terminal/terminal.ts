import { styleText } from 'node:util';
import { formatSeconds } from './format.ts';
import type { Step } from './step.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const CLEAR_LINE = '\r\u001b[2K';

type Style = Parameters<typeof styleText>[0];

/** Styles text if standard output is a terminal with colours and NO_COLOR isn't set. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Width of standard output; infinite for a pipe or an unknown terminal. */
export function outputWidth(): number {
  return (process.stdout.isTTY && process.stdout.columns) || Number.POSITIVE_INFINITY;
}

/** Prints a table with a bold header. */
export function printTable([header = '', ...lines]: readonly string[]): void {
  console.log(styled('bold', header));
  for (const line of lines) console.log(line);
}

/** Shows a step on standard output: as one animated line on a terminal, else as a line before and one after. */
export const step: Step = (doing, work) =>
  process.stdout.isTTY ? animated(doing, work) : plain(doing, work);

const plain: Step = async (doing, work) => {
  const started = Date.now();
  let latestNote = '';
  console.log(doing);
  const result = await work((text) => {
    latestNote = `${text}, `;
  });
  console.log(`  ${latestNote}${formatSeconds(Date.now() - started)}`);
  return result;
};

const animated: Step = async (doing, work) => {
  const started = Date.now();
  let latestNote = '';
  let frame = 0;
  const line = () => [doing, formatSeconds(Date.now() - started), latestNote].filter(Boolean).join('  ');
  const show = (sign: string, text: string) => process.stdout.write(`${CLEAR_LINE}${sign} ${text}`);
  const animation = setInterval(() => {
    // A line that wraps can't be cleared.
    const fitting = line().slice(0, (process.stdout.columns || 80) - 3);
    show(styled('cyan', FRAMES[frame++ % FRAMES.length] ?? ''), fitting);
  }, FRAME_MS);
  const note = (text: string) => {
    latestNote = text;
  };
  try {
    const result = await work(note);
    show(styled('green', '✓'), `${line()}\n`);
    return result;
  } catch (error) {
    show(styled('red', '✗'), `${line()}\n`);
    throw error;
  } finally {
    clearInterval(animation);
  }
};
