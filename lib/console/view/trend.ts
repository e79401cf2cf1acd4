import { html } from 'hono/html';
import { formatShort } from '../../terminal/figures.ts';
import { type Html, NOTHING } from './html.ts';
import { durationOf } from './time.ts';

/** The load at a time. */
export interface LoadSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly backlog?: number;
}

const WIDTH = 600;
const HEIGHT = 48;

/** A line of less says nothing. */
const LEAST_SAMPLES = 5;

/** The backlog since the console was opened, as a line. */
export function trendOf(samples: readonly LoadSample[]): Html {
  const known = samples.flatMap(({ at, backlog }) => (backlog === undefined ? [] : [{ at, backlog }]));
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last || known.length < LEAST_SAMPLES || last.at === first.at) return NOTHING;
  const most = Math.max(1, ...known.map(({ backlog }) => backlog));
  const points = known.map(({ at, backlog }) => {
    const x = ((at - first.at) / (last.at - first.at)) * WIDTH;
    const y = HEIGHT - 1 - (backlog / most) * (HEIGHT - 2);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const [from, to] = [first, last].map(({ at }) => new Date(at).toISOString());
  const text = `Waiting or running in the last ${durationOf(from, to)}: at most ${formatShort(most)}, now ${formatShort(last.backlog)}`;
  return html`<figure class="trend"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${text}"><polyline points="${points.join(' ')}"></polyline></svg><figcaption>${text}</figcaption></figure>`;
}
