import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { measuredWork } from '../core/intake/admission/prediction.ts';
import { paceOf } from '../core/intake/forecast/wait-time.ts';
import type { Admission, AdmissionDecision, AdmissionState, LoadFigures } from '../core/ports/admission.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { BacklogGauge } from '../core/ports/message-source.ts';
import type { LoadLog } from '../core/ports/telemetry.ts';

/** No request is refused, so one may wait as long as the setting allows. */
const { max: maxWaitSeconds } = NUMBER_SETTINGS.maxWaitSeconds;

/** The ports of an {@link OpenAdmission}. */
export interface OpenAdmissionPorts {
  readonly gauge: BacklogGauge;
  readonly log: LoadLog;
  readonly clock: Clock;
  /** Requests that a process handles at a time. */
  readonly slots: number;
}

/** Admits every request: on one machine, few submit, and its disk is the limit. */
export class OpenAdmission implements Admission {
  readonly #ports: OpenAdmissionPorts;

  constructor(ports: OpenAdmissionPorts) {
    this.#ports = ports;
  }

  async decide(): Promise<AdmissionDecision> {
    return { admitted: true, load: { maxWaitSeconds } };
  }

  async state(): Promise<AdmissionState> {
    const { gauge, log, clock } = this.#ports;
    const [{ waiting, inFlight, oldestSentAt }, recent] = await Promise.all([
      gauge.read(),
      log.recent(clock.now()),
    ]);
    return {
      accepting: true,
      load: { backlog: waiting + inFlight, maxWaitSeconds },
      work: measuredWork(recent),
      pause: recent.pause,
      oldestSentAt,
    };
  }

  async figures(): Promise<LoadFigures> {
    const { log, clock, slots } = this.#ports;
    const recent = await log.recent(clock.now());
    return { pace: paceOf(recent, slots), pause: recent.pause };
  }
}
