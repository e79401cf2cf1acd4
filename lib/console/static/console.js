/** Follows changes of a page, and copies commands. Pages work without it. */

const { live } = document.body.dataset;
const main = document.querySelector('main');
const state = document.querySelector('#live-state');

/** Shows whether the page follows changes. */
function say(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}

let stream;

function follow() {
  stream?.close();
  if (document.hidden) return say('paused', 'Paused while the page is hidden');
  stream = new EventSource(live);
  let hasEvent = false;
  stream.onopen = () => say('live', 'Live');
  stream.onerror = () => {
    // A stream may end after an event: the browser asks for the next one.
    if (stream.readyState === EventSource.CLOSED)
      say('lost', 'Changes are no longer followed: reload the page');
    else if (!hasEvent) say('lost', 'The console does not answer; trying again');
    hasEvent = false;
  };
  stream.onmessage = ({ data }) => {
    hasEvent = true;
    say('live', 'Live');
    update(new DOMParser().parseFromString(data, 'text/html').body);
  };
}

/** Replaces the parts that have changed. A problem takes the whole page, and gives it back when it is over. */
function update(next) {
  offerCopies(next);
  const isProblem = (root) => root.querySelector('[data-problem]') !== null;
  const parts = [...next.querySelectorAll('[data-part]')];
  const isSamePage = parts.every(({ id }) => document.getElementById(id));
  if (isProblem(main) || isProblem(next) || !isSamePage) {
    if (main.innerHTML !== next.innerHTML) replace(main, () => main.replaceChildren(...next.childNodes));
    return;
  }
  const kept = new Set(parts.map(({ id }) => id));
  for (const part of main.querySelectorAll('[data-part]')) if (!kept.has(part.id)) part.replaceChildren();
  for (const part of parts) {
    const shown = document.getElementById(part.id);
    if (shown.innerHTML !== part.innerHTML && !isInUse(shown)) {
      replace(shown, () => shown.replaceChildren(...part.childNodes));
    }
  }
}

/** Whether the operator types or selects in it. */
function isInUse(part) {
  const { activeElement } = document;
  if (part.contains(activeElement) && activeElement.matches('input, select, textarea')) return true;
  const selection = document.getSelection();
  return (
    selection.type === 'Range' &&
    selection.intersectsNode?.(part) !== false &&
    part.contains(selection.anchorNode)
  );
}

/** Keeps the focus on the same link or button. */
function replace(root, change) {
  const focused = root.contains(document.activeElement) ? document.activeElement : undefined;
  const address = focused?.getAttribute('href');
  const place = focused && [...root.querySelectorAll('a, button, [tabindex]')].indexOf(focused);
  change();
  if (!focused) return;
  const next = address
    ? [...root.querySelectorAll('a')].find((link) => link.getAttribute('href') === address)
    : root.querySelectorAll('a, button, [tabindex]')[place];
  next?.focus({ preventScroll: true });
}

function offerCopies(root) {
  for (const button of root.querySelectorAll('[data-copy]')) button.hidden = false;
}

document.addEventListener('click', async ({ target }) => {
  if (!(target instanceof Element) || !target.matches('[data-copy]')) return;
  await navigator.clipboard.writeText(target.previousElementSibling.textContent);
  target.textContent = 'Copied';
});

offerCopies(document);
// On a narrow screen, the navigation is wider than the page.
document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
if (live !== undefined) {
  document.addEventListener('visibilitychange', follow);
  addEventListener('pagehide', () => stream?.close());
  addEventListener('pageshow', ({ persisted }) => persisted && follow());
  follow();
}
