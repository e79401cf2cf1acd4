import { diffLines } from 'diff';
import { html } from 'hono/html';
import { formatCount } from '../../terminal/format.ts';
import type { Content, Html } from './html.ts';
import { oneLine } from './text.ts';

/** Most insertions and deletions that are looked for, and the time for it. Texts that differ more are shown whole. */
const LIMITS = { maxEditLength: 2_000, timeout: 500 } as const;

/** Lines around a change that are shown. */
const CONTEXT_LINES = 3;

/** Most lines that are shown. */
const MAX_LINES = 1_000;

/** How lines are marked, also for those who see no colours. */
const MARKS = { added: '+', removed: '-', same: ' ' } as const;

interface Line {
  readonly kind: keyof typeof MARKS;
  readonly text: string;
}

/** What changed from one text to another, line by line; lines far from a change are left out. */
export function lineDiffOf(before: string, after: string): Html {
  if (before === after) return html`<p class="empty">The payloads are the same.</p>`;
  const lines = linesOf(before, after);
  const near = nearChanges(lines);
  const shown: Content[] = [];
  let skipped = 0;
  const skip = () => {
    if (skipped > 0) shown.push(html`<span class="skipped">${countText(skipped)} as before</span>`);
    skipped = 0;
  };
  for (const [index, line] of lines.entries()) {
    if (shown.length >= MAX_LINES) {
      shown.push(html`<span class="skipped">${countText(lines.length - index)} more</span>`);
      break;
    }
    if (near[index]) {
      skip();
      shown.push(rowOf(line));
    } else skipped++;
  }
  skip();
  return html`<div class="diff" tabindex="0" role="group" aria-label="Changes, line by line">${shown}</div>`;
}

function linesOf(before: string, after: string): Line[] {
  const changes = diffLines(before, after, LIMITS) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return changes.flatMap(({ value, added, removed }) => {
    const kind = added ? 'added' : removed ? 'removed' : 'same';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ kind, text }) as const);
  });
}

/** Which lines are changes, or close to one. */
function nearChanges(lines: readonly Line[]): boolean[] {
  const near = lines.map(() => false);
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== 'same') near.fill(true, Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1);
  }
  return near;
}

function rowOf({ kind, text }: Line): Html {
  const content = html`<span aria-hidden="true">${MARKS[kind]} </span>${oneLine(text)}`;
  if (kind === 'added') return html`<ins>${content}</ins>`;
  return kind === 'removed' ? html`<del>${content}</del>` : html`<span>${content}</span>`;
}

function countText(lines: number): string {
  return `${formatCount(lines)} ${lines === 1 ? 'line' : 'lines'}`;
}
