import type { ChildProcess } from 'node:child_process';
import { freshProcess, messageOf } from './fresh-process.ts';
import { lengthOf } from './length.ts';
import { median } from './statistics.ts';
import type { Timing, TimingOrder } from './timing.ts';

const WARM_UP_MILLISECONDS = lengthOf(2_000, 1);
const TURN_MILLISECONDS = lengthOf(200, 1);
const TURNS = lengthOf(15, 1);

/**
 * Ways to do the same, each in a process of its own. They are timed in short turns, one after the other, so that whatever
 * else the machine does slows down all of them.
 */
export class TimedWays<Name extends string> implements Disposable {
  readonly #processes: ReadonlyMap<Name, ChildProcess>;

  /** @param module serves timings of the way that its first argument names */
  constructor(module: URL, names: readonly Name[]) {
    this.#processes = new Map(names.map((name) => [name, freshProcess(module, { args: [name] })]));
  }

  /** The medians of all turns. */
  async times(size: number): Promise<ReadonlyMap<Name, Timing>> {
    for (const process of this.#processes.values()) await order(process, size, WARM_UP_MILLISECONDS);
    const turns = new Map([...this.#processes.keys()].map((name) => [name, [] as Timing[]]));
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [name, process] of this.#processes) {
        turns.get(name)?.push(await order(process, size, TURN_MILLISECONDS));
      }
    }
    return new Map(
      [...turns].map(([name, times]) => [
        name,
        { wall: median(times.map(({ wall }) => wall)), cpu: median(times.map(({ cpu }) => cpu)) },
      ]),
    );
  }

  [Symbol.dispose](): void {
    for (const process of this.#processes.values()) process.disconnect();
  }
}

async function order(process: ChildProcess, size: number, milliseconds: number): Promise<Timing> {
  process.send({ size, milliseconds } satisfies TimingOrder);
  return (await messageOf(process)) as Timing;
}
