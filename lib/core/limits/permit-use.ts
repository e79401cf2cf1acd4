/** The weight of the latest request in the mean time that requests hold a permit. */
const LATEST_SHARE = 0.1;

/** How the requests of a process use its permits of a key. Times are milliseconds since 1970. */
export class PermitUse {
  #inUse = 0;
  #peak = 0;
  /** When a permit got free, or the first one in use was taken. */
  #freedAt = 0;
  #meanMilliseconds = 0;

  get inUse(): number {
    return this.#inUse;
  }

  /** Most permits in use at a time since {@link resetPeak}. */
  get peak(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = this.#inUse;
  }

  /** A request takes a permit. */
  take(now: number): void {
    if (this.#inUse === 0) this.#freedAt = now;
    this.#inUse++;
    this.#peak = Math.max(this.#peak, this.#inUse);
  }

  /** A request that ran since a time frees its permit. */
  free(since: number, now: number): void {
    this.#meanMilliseconds += (now - since - this.#meanMilliseconds) * LATEST_SHARE;
    this.giveBack(now);
  }

  /** A request gives its permit back, without having run. */
  giveBack(now: number): void {
    this.#inUse--;
    this.#freedAt = now;
  }

  /** How long requests hold a permit, in milliseconds. Those that hold one for longer than any before them count, too. */
  heldMilliseconds(now: number): number {
    const sinceFreed = this.#inUse > 0 ? now - this.#freedAt : 0;
    return Math.max(this.#meanMilliseconds, sinceFreed);
  }
}
