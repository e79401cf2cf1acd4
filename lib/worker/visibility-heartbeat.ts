import { startHeartbeat } from '../core/base/heartbeat.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** Beats while a message stays hidden: it is extended after two of them, so two extensions may fail. */
const BEATS = 4;

interface Held {
  readonly message: ReceivedMessage;
  /** Beats since the message was received or extended. */
  beats: number;
  extending: Promise<void> | undefined;
}

/** Keeps received messages hidden from other receivers, including those that wait for a slot. */
export class VisibilityHeartbeat {
  readonly #visibilitySeconds: number;
  readonly #logger: Logger;
  readonly #held = new Set<Held>();

  /** @param visibilitySeconds how long a message stays hidden; infinite if nothing needs to be extended */
  constructor(visibilitySeconds: number, logger: Logger) {
    this.#visibilitySeconds = visibilitySeconds;
    this.#logger = logger;
  }

  /** Extends held messages until it is disposed. */
  start(): AsyncDisposable {
    if (!Number.isFinite(this.#visibilitySeconds)) return { [Symbol.asyncDispose]: async () => {} };
    return startHeartbeat({
      intervalMilliseconds: (this.#visibilitySeconds * 1000) / BEATS,
      beat: async () => this.#beat(),
      onError: (error) => this.#warn([], error),
    });
  }

  /**
   * Holds a message.
   * @returns a function that releases it, and resolves when no extension is in flight any more. Never rejects.
   */
  hold(message: ReceivedMessage): () => Promise<void> {
    const held: Held = { message, beats: 0, extending: undefined };
    this.#held.add(held);
    return async () => {
      this.#held.delete(held);
      await held.extending;
    };
  }

  #beat(): void {
    for (const held of this.#held) {
      if (++held.beats < BEATS / 2) continue;
      held.extending ??= this.#extend(held).finally(() => {
        held.extending = undefined;
      });
    }
  }

  async #extend(held: Held): Promise<void> {
    try {
      await held.message.extend(this.#visibilitySeconds);
      held.beats = 0;
    } catch (error) {
      this.#warn([held.message.id], error);
    }
  }

  #warn(messageIds: readonly string[], error: unknown): void {
    this.#logger.warn('A message could not be kept hidden: another worker may receive it', {
      messageIds,
      error: serializeError(error),
    });
  }
}
