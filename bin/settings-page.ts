/**
 * Prints docs/settings.md from the definitions: `npm run docs` writes it, a test holds it up to date.
 */
import {
  DEFAULT_DISPOSABLE_PREFIX,
  DEFAULT_OUTPUT_FORMAT,
  DEFAULT_PAYLOAD_PREFIX,
  DEFAULT_RESULT_PREFIX,
  DEFAULT_UPLOAD_PREFIX,
  NUMBER_SETTINGS,
  type NumberSetting,
  OUTPUT_FORMATS,
} from '../lib/core/settings.ts';

/** The page as Markdown. */
export function settingsPage(): string {
  const numbers = Object.values(NUMBER_SETTINGS).map(numberRow);
  const texts = [
    textRow('outputFormat', DEFAULT_OUTPUT_FORMAT, `How outcomes are written: ${OUTPUT_FORMATS.join(', ')}.`),
    textRow('uploadPrefix', DEFAULT_UPLOAD_PREFIX, 'Uploads under it are requests.'),
    textRow('payloadPrefix', DEFAULT_PAYLOAD_PREFIX, 'Payloads that messages refer to lie under it.'),
    textRow('resultPrefix', DEFAULT_RESULT_PREFIX, 'Results above the inline limit are stored under it.'),
    textRow('disposablePrefix', DEFAULT_DISPOSABLE_PREFIX, 'Copies of results that their consumer deletes.'),
  ];
  return `${[
    '# Settings',
    '',
    '<!-- Written by `npm run docs` from lib/core/settings.ts. -->',
    '',
    'Props of `AsyncService`. Values outside their range, and values that don’t fit together, are refused when the',
    'template is synthesized.',
    '',
    '| prop | from | to | default | meaning |',
    '|---|---|---|---|---|',
    ...numbers,
    '',
    '| prop | default | meaning |',
    '|---|---|---|',
    ...texts,
    '',
    'Props without a number (`entry`, `alarmTopic`, `outputQueue` and others) are described where they are declared, in',
    '`lib/constructs/async-service-props.ts`.',
  ].join('\n')}\n`;
}

function numberRow({ prop, unit, min, max, default: standard, meaning, source }: NumberSetting): string {
  const limit = source ? ` ([source of the limit](${source}))` : '';
  const ofUnit = (value: number) =>
    `${value.toLocaleString('en')} ${value === 1 ? unit.replace(/s$/, '') : unit}`;
  const byDefault = standard === undefined ? '' : ofUnit(standard);
  return `| \`${prop}\` | ${min.toLocaleString('en')} | ${ofUnit(max)} | ${byDefault} | ${meaning}${limit} |`;
}

function textRow(prop: string, standard: string, meaning: string): string {
  return `| \`${prop}\` | \`${standard}\` | ${meaning} |`;
}

if (import.meta.main) process.stdout.write(settingsPage());
