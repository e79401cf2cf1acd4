import {
  hasEnded,
  RequestCancelled,
  RequestExpired,
  RequestFailed,
  RequestPending,
  type RequestResource,
  type RequestStatus,
  WaitTimedOut,
} from '../client/index.ts';

/** Exit codes. */
export const EXIT = {
  done: 0,
  error: 1,
  usage: 2,
  failed: 3,
  cancelled: 4,
  expired: 5,
  notEnded: 6,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For several requests, the program exits with the worst code: the first of these that occurred. */
const WORST_FIRST: readonly ExitCode[] = [
  EXIT.usage,
  EXIT.error,
  EXIT.failed,
  EXIT.expired,
  EXIT.cancelled,
  EXIT.notEnded,
];

/** Their section of `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  ${EXIT.done}  success; all requests that were queried or waited for succeeded
  ${EXIT.error}  an error
  ${EXIT.usage}  an invalid command line
  ${EXIT.failed}  a request failed
  ${EXIT.cancelled}  a request was cancelled
  ${EXIT.expired}  a request expired
  ${EXIT.notEnded}  a request has not ended yet
With several requests, the worst code wins: error, failed, expired, cancelled, not ended.`;

/** Collects exit codes while the program runs. */
export class ExitStatus {
  readonly #codes = new Set<ExitCode>();

  add(code: ExitCode): void {
    this.#codes.add(code);
  }

  get code(): ExitCode {
    return WORST_FIRST.find((code) => this.#codes.has(code)) ?? EXIT.done;
  }
}

const BY_END: Readonly<Partial<Record<RequestStatus, ExitCode>>> = {
  failed: EXIT.failed,
  cancelled: EXIT.cancelled,
  expired: EXIT.expired,
};

/** The exit code for a request that was queried or waited for. */
export function exitCodeOf(request: RequestResource): ExitCode {
  return hasEnded(request) ? (BY_END[request.status] ?? EXIT.done) : EXIT.notEnded;
}

/** The exit code for an error. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof RequestFailed) return EXIT.failed;
  if (error instanceof RequestCancelled) return EXIT.cancelled;
  if (error instanceof RequestExpired) return EXIT.expired;
  return error instanceof RequestPending || error instanceof WaitTimedOut ? EXIT.notEnded : EXIT.error;
}
