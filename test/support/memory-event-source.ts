import type { DisableReasons, EventSource } from '../../lib/core/ports/pausing.ts';

/** An event source that can be in the middle of a change, when it refuses another. */
export class MemoryEventSource implements EventSource {
  enabled = true;
  busy = false;
  readonly pauses = new Map<string, number>();
  readonly operatorPauses = new Set<number>();
  /** What happens around a call. */
  around = async <Value>(_call: keyof EventSource, effect: () => Value): Promise<Value> => effect();

  isEnabled(): Promise<boolean> {
    return this.around('isEnabled', () => this.enabled);
  }

  reasons(): Promise<DisableReasons> {
    return this.around('reasons', () => ({
      pauses: new Map(this.pauses),
      operatorPauses: new Set(this.operatorPauses),
    }));
  }

  addPause(id: string, until: number): Promise<void> {
    return this.around('addPause', () => void this.pauses.set(id, until));
  }

  removePause(id: string): Promise<void> {
    return this.around('removePause', () => void this.pauses.delete(id));
  }

  addOperatorPause(since: number): Promise<void> {
    return this.around('addOperatorPause', () => void this.operatorPauses.add(since));
  }

  removeOperatorPause(since: number): Promise<void> {
    return this.around('removeOperatorPause', () => void this.operatorPauses.delete(since));
  }

  enable(): Promise<void> {
    return this.around('enable', () => this.#set(true));
  }

  disable(): Promise<void> {
    return this.around('disable', () => this.#set(false));
  }

  #set(enabled: boolean): void {
    if (this.busy) throw new Error('ResourceInUseException');
    this.enabled = enabled;
  }
}
