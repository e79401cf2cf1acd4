import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { surgeSvg } from '../../../lib/cli/plan/svg.ts';
import { findPython } from '../../../lib/local/python.ts';
import { run } from '../../../lib/local/run.ts';
import { steadyState } from '../../../lib/planner/steady-state.ts';
import { forecastSurge, type Surge } from '../../../lib/planner/surge.ts';
import { workload } from '../../planner/workload.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PARSE = 'import sys, xml.etree.ElementTree as e; print(e.parse(sys.argv[1]).getroot().tag)';

const SURGES: readonly Surge[] = [
  { extraRequests: 1, seconds: 0 },
  { extraRequests: 3_240_000, seconds: 1_800 },
  { extraRequests: 100_000_000, seconds: 0 },
];

test.each(SURGES)('%o: well-formed, self-contained, with finite coordinates', async (surge) => {
  const svg = surgeSvg({ ...surge, forecast: forecastSurge(workload(), steadyState(workload(), 0), surge) });
  const file = join(await temporaryFolder(), 'surge.svg');
  await writeFile(file, svg);

  const parsed = await run((await findPython()).path, ['-c', PARSE, file]);
  expect(parsed).toEqual({ succeeded: true, output: '{http://www.w3.org/2000/svg}svg\n' });
  expect(svg).not.toMatch(/NaN|Infinity|undefined|href|url\(|<script/);
  expect(svg).toContain(surge.extraRequests.toLocaleString('en-US'));
});
