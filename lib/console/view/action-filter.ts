import { html } from 'hono/html';
import type { ActionFilter } from '../../client/index.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import { formatCount } from '../../terminal/format.ts';
import { fieldOf } from './action-form.ts';
import { failureLink } from './failure-table.ts';
import type { Html } from './html.ts';
import { METADATA_FIELD, metadataIn } from './metadata-fields.ts';
import { FormInvalid } from './problem.ts';
import { requestLink } from './request-table.ts';
import { oneLine } from './text.ts';

/** Fields of a form or a query that select the requests of an action, by the names of the filter's members. */
const TEXTS = [
  'failureGroup',
  'code',
  'topic',
  'handlerVersion',
  'createdSince',
  'createdUntil',
] as const satisfies readonly (keyof ActionFilter)[];

/**
 * The filter in the fields of a form or a query. Empty ones filter nothing, except an empty tenant.
 * @throws FormInvalid for a status that there isn't: without it, an action would be on more requests
 */
export function filterIn(fields: FormData | URLSearchParams): ActionFilter {
  const id = fieldOf(fields, 'ids');
  const texts = TEXTS.flatMap((name) => {
    const value = fieldOf(fields, name);
    return value === undefined ? [] : [[name, value]];
  });
  const tenant = fields.get('tenant');
  const status = statusIn(fields);
  const metadata = metadataIn(fields);
  return {
    ...(id !== undefined && { ids: [id] }),
    ...(typeof tenant === 'string' && { tenant }),
    ...(status && { status }),
    ...Object.fromEntries(texts),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

function statusIn(fields: FormData | URLSearchParams): ActionFilter['status'] {
  const given = fieldOf(fields, 'status');
  const status = REQUEST_STATUSES.find((each) => each === given);
  if (status || given === undefined) return status;
  throw new FormInvalid(`status must be one of ${REQUEST_STATUSES.join(', ')}, got ${given}`);
}

/** The fields of a filter without ids: {@link filterIn} reads them. */
export function fieldsOf({ metadata = {}, ...members }: Omit<ActionFilter, 'ids'>): Record<string, string> {
  const values = Object.entries(metadata).map(
    ([name, value]) => [`${METADATA_FIELD}${name}`, value] as const,
  );
  return Object.fromEntries([...textsOf(members), ...values]);
}

/** The options of `coatcheck actions plan` for a filter without ids. */
export function filterOptionsOf({ metadata = {}, ...members }: Omit<ActionFilter, 'ids'>): string[] {
  const values = Object.entries(metadata).map(([name, value]) => ['--metadata', `${name}=${value}`]);
  return [...textsOf(members).map(([name, text]) => [`--${kebabOf(name)}`, text]), ...values].flat();
}

function textsOf(
  members: Readonly<Record<string, string | Date | undefined>>,
): (readonly [name: string, text: string])[] {
  return Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === 'string' ? value : value.toISOString()] as const],
  );
}

/** `failure-group` */
function kebabOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const NAMES: Readonly<Record<string, string>> = {
  handlerVersion: 'handler version',
  since: 'ended since',
  until: 'ended before',
  createdSince: 'created since',
  createdUntil: 'created before',
};

/** `failure group 80d813265c2121ca, customer=acme, topic images`, with links. */
export function filterTextOf({ ids = [], failureGroup, metadata = {}, ...others }: ActionFilter): Html {
  const [first, ...more] = ids;
  const parts = [
    ...(first === undefined
      ? []
      : [
          html`${requestLink({ id: first, tenant: others.tenant || undefined })}${more.length > 0 && ` and ${formatCount(more.length)} more`}`,
        ]),
    ...(failureGroup === undefined ? [] : [html`failure group ${failureLink(failureGroup)}`]),
    ...Object.entries(metadata).map(([name, value]) => html`${oneLine(`${name}=${value}`)}`),
    ...Object.entries(others).map(([name, value]) =>
      name === 'tenant' && value === ''
        ? html`no tenant`
        : html`${oneLine(`${NAMES[name] ?? name} ${value}`)}`,
    ),
  ];
  return html`${parts.map((part, index) => html`${index > 0 && ', '}${part}`)}`;
}
