import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import type { Admission, AdmissionDecision, AdmissionState } from '../core/ports/admission.ts';
import type { BacklogGauge } from '../core/ports/message-source.ts';

/** Nothing is refused, so a request may wait as long as the setting allows. */
const { max: maxWaitSeconds } = NUMBER_SETTINGS.maxWaitSeconds;

/** Admits every request: on one machine, few submit, and its disk is the limit. */
export class OpenAdmission implements Admission {
  readonly #gauge: BacklogGauge;

  constructor(gauge: BacklogGauge) {
    this.#gauge = gauge;
  }

  async decide(): Promise<AdmissionDecision> {
    return { admitted: true, load: { maxWaitSeconds } };
  }

  async state(): Promise<AdmissionState> {
    const { waiting, inFlight } = await this.#gauge.read();
    return { accepting: true, load: { backlog: waiting + inFlight, maxWaitSeconds } };
  }
}
