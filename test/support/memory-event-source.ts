import type { EventSource } from '../../lib/core/ports/pausing.ts';

/** An event source that can be in the middle of a change, when it refuses another. */
export class MemoryEventSource implements EventSource {
  enabled = true;
  busy = false;
  /** What happens while it is being turned off. */
  meanwhile = async () => {};

  noted: string | undefined;
  held = false;

  async isEnabled(): Promise<boolean> {
    return this.enabled;
  }

  async pauseId(): Promise<string | undefined> {
    return this.noted;
  }

  async notePause(id: string | undefined): Promise<void> {
    this.noted = id;
  }

  async isHeld(): Promise<boolean> {
    return this.held;
  }

  async noteHold(isHeld: boolean): Promise<void> {
    this.held = isHeld;
  }

  async enable(): Promise<void> {
    this.#set(true);
  }

  async disable(): Promise<void> {
    await this.meanwhile();
    this.#set(false);
  }

  #set(enabled: boolean): void {
    if (this.busy) throw new Error('ResourceInUseException');
    this.enabled = enabled;
  }
}
