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

/** What the program ends with. */
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

/** Of several requests the worst counts: the first of these that occurred. */
const WORST_FIRST: readonly ExitCode[] = [
  EXIT.usage,
  EXIT.error,
  EXIT.failed,
  EXIT.expired,
  EXIT.cancelled,
  EXIT.notEnded,
];

/** What `--help` says of them. */
export const EXIT_CODES_HELP = `
Exit codes:
  ${EXIT.done}  what was asked is done; the requests asked about or waited for succeeded
  ${EXIT.error}  an error
  ${EXIT.usage}  a wrong command line
  ${EXIT.failed}  a request failed
  ${EXIT.cancelled}  a request was cancelled
  ${EXIT.expired}  a request expired
  ${EXIT.notEnded}  a request hasn't ended yet
Of several requests the worst counts: error, failed, expired, cancelled, not ended.`;

/** What the program will end with, as far as it has come. */
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

/** Of a request that was asked about, or waited for. */
export function exitCodeOf(request: RequestResource): ExitCode {
  return hasEnded(request) ? (BY_END[request.status] ?? EXIT.done) : EXIT.notEnded;
}

/** Of an error that ended what was asked. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof RequestFailed) return EXIT.failed;
  if (error instanceof RequestCancelled) return EXIT.cancelled;
  if (error instanceof RequestExpired) return EXIT.expired;
  return error instanceof RequestPending || error instanceof WaitTimedOut ? EXIT.notEnded : EXIT.error;
}
