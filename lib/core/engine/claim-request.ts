import { PayloadChanged } from '../base/errors.ts';
import { isTooOld } from '../config/min-version.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { isEarly } from '../model/not-before.ts';
import { type PinnedPayload, pinnedPayloadOf } from '../model/pinned-payload.ts';
import { bringsOther, storedPayloadOf } from '../model/record-transition.ts';
import type { RecordedRequest } from '../model/request-record.ts';
import { termsOf } from '../model/request-terms.ts';
import type { Lease } from '../records/lease.ts';
import type { Claim, Claimant } from '../records/request-records.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { beforeSignal, ofTable } from './attempt-calls.ts';
import type { AttemptContext } from './attempt-context.ts';
import { NotBeforeRefused, VersionTooOld } from './errors.ts';
import { deliveryCountOf } from './job.ts';
import { namesNoVersion, withVersion } from './pin-version.ts';
import type { TakeOverTurn } from './take-over-turn.ts';
import { mayAwaitVersion } from './version-wait.ts';
import { waitProblem } from './wait-problem.ts';

/** A claim that didn't lease the request. */
export type Unclaimed = Exclude<Claim, { readonly status: 'claimed' }>;

/** A request that this attempt leases. */
export interface ClaimedRequest {
  readonly status: 'claimed';
  readonly lease: Lease;
  /** With what the record says and the message may lack. */
  readonly request: DecodedRequest;
  /** Why it fails: it would have to wait, and can't. */
  readonly refusal: NotBeforeRefused | undefined;
}

/**
 * Claims the request of a message. A request that can't wait for its time is claimed before, so that it fails.
 * @throws VersionTooOld if the request is left to newer code
 * @throws AttemptTimedOut, AttemptNotStarted or StoreUnavailable
 */
export async function claimRequest(
  decoded: DecodedRequest,
  turn: TakeOverTurn,
  context: AttemptContext,
): Promise<ClaimedRequest | Unclaimed> {
  const { message, settings, ports } = context;
  const { handlerVersion } = settings;
  const now = ports.clock.now();
  const awaitsVersion = mayAwaitVersion(decoded, message, handlerVersion, now);
  // A request that comes before its time waits for that first.
  if (!isEarly(decoded, now) && awaitsVersion && isTooOld(decoded, handlerVersion)) throw new VersionTooOld();
  const request = await pinVersion(decoded, context);
  const pinned = pinnedPayloadOf(request, message);
  const redrives = message.attributes[ATTRIBUTES.deadLetterRedrives];
  const claimant = {
    ...request,
    handlerVersion,
    awaitsVersion,
    sentAt: message.sentAt,
    pinned,
    goneBefore: now - settings.inputRetentionSeconds * 1000,
    redelivered: deliveryCountOf(message) > 1,
    ...(redrives !== undefined && { deadLetterOf: Number(redrives) }),
  };
  let claim = await tryToClaim(claimant, turn, context);
  const refusal = claim.status === 'too_early' ? waitRefusal(claim.notBefore, context) : undefined;
  if (refusal) claim = await tryToClaim({ ...claimant, mayBeEarly: true }, turn, context);
  if (claim.status !== 'claimed') return claim;
  return { ...claim, request: withRecorded(request, claim.lease, pinned), refusal };
}

/** Pins the version of a stored payload. */
async function pinVersion(request: DecodedRequest, context: AttemptContext): Promise<DecodedRequest> {
  if (!namesNoVersion(request)) return request;
  const { ports, settings, deadline } = context;
  const finding = withVersion(request, ports.store, settings.claimCheckSources, deadline.handlerDeadline);
  return beforeSignal(deadline.handlerDeadline, finding, context);
}

function tryToClaim(claimant: Claimant, turn: TakeOverTurn, context: AttemptContext): Promise<Claim> {
  const { records, deadline, ports } = context;
  const leaseEndsAt = () => deadline.leaseEndsAt(ports.clock.now());
  const waitToTakeOver = async () => {
    await turn.take(deadline.startDeadline);
    return leaseEndsAt();
  };
  // A host without heartbeats runs batches, and isolates the messages that may have crashed one by itself.
  const isBatched = deadline.leaseSeconds === undefined;
  const claiming = records.claim(claimant, leaseEndsAt(), isBatched ? undefined : waitToTakeOver);
  return beforeSignal(deadline.handlerDeadline, ofTable(claiming, context), context);
}

/** Why the message can't wait until the request may start; undefined if it can. */
function waitRefusal(
  notBefore: number,
  { message, settings, ports }: AttemptContext,
): NotBeforeRefused | undefined {
  const reason = waitProblem(message, notBefore, settings, ports.clock.now());
  return reason === undefined ? undefined : new NotBeforeRefused(notBefore, reason);
}

/** Takes from the record what the message may lack, including the payload that the request was started with. */
function withRecorded(
  request: DecodedRequest,
  { record, request: recorded }: Lease,
  pinned: PinnedPayload | undefined,
): DecodedRequest {
  const payload = bringsOther(record, { payload: pinned })
    ? (storedPayloadOf(record, pinned) ?? { unreadable: new PayloadChanged() })
    : request.payload;
  return withAnnouncedSize({ ...request, ...termsOf(recorded), payload }, recorded);
}

/** A payload that was uploaded with a ticket must have the size that the client announced. */
function withAnnouncedSize(request: DecodedRequest, { uploadBytes }: RecordedRequest): DecodedRequest {
  const { payload } = request;
  if (uploadBytes === undefined || !('key' in payload)) return request;
  return { ...request, payload: { ...payload, size: uploadBytes } };
}
