/** The turns of requests that are sent back: they come back one after another. Times are milliseconds since 1970. */
export class Turns {
  #nextAt = 0;

  /**
   * Takes the next turn. A turn later than `latest` isn't taken: when the request comes back, the turns before it have been used.
   * @param spacing milliseconds until the turn after it
   */
  take({ soonest, latest, spacing }: { soonest: number; latest: number; spacing: number }): number {
    const at = Math.max(soonest, this.#nextAt);
    if (at > latest) return latest;
    this.#nextAt = at + spacing;
    return at;
  }

  /** Whether all turns have been used. */
  areOver(now: number): boolean {
    return this.#nextAt <= now;
  }

  /** Voids the turns that were taken. */
  reset(): void {
    this.#nextAt = 0;
  }
}
