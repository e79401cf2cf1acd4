import { DEFAULT_PRIORITY, type Priority } from '../../model/priority.ts';
import type {
  Admission,
  AdmissionDecision,
  AdmissionState,
  LoadFigures,
  Submitter,
} from '../../ports/admission.ts';

/** Admits each request by the load of the queue of its priority: requests of other priorities aren't ahead of it. */
export class LanedAdmission implements Admission {
  readonly #lanes: Readonly<Record<Priority, Admission>>;

  constructor(lanes: Readonly<Record<Priority, Admission>>) {
    this.#lanes = lanes;
  }

  decide(submitter: Submitter): Promise<AdmissionDecision> {
    return this.#lanes[submitter.priority ?? DEFAULT_PRIORITY].decide(submitter);
  }

  async backlog(): Promise<number | undefined> {
    const states = await Promise.all(Object.values(this.#lanes).map((lane) => lane.state()));
    const backlogs = states.map(({ load }) => load.backlog ?? Number.NaN);
    const total = backlogs.reduce((sum, backlog) => sum + backlog);
    return Number.isNaN(total) ? undefined : total;
  }

  figures(priority: Priority = DEFAULT_PRIORITY): Promise<LoadFigures> {
    return this.#lanes[priority].figures();
  }

  /** The state of the queue of normal requests. */
  state(): Promise<AdmissionState> {
    return this.#lanes[DEFAULT_PRIORITY].state();
  }
}
