import type { RemovableMessages } from '../../core/ports/delayed-messages.ts';
import { Faults } from './faults.ts';

/** Messages in memory, which wait until they are asked for. */
export class MemoryDelayedMessages implements RemovableMessages {
  readonly faults = new Faults<'schedule' | 'find' | 'remove'>();
  /** By their names. */
  readonly waiting = new Map<string, { readonly message: string; readonly at: number }>();

  schedule(name: string, message: string, at: number): Promise<void> {
    return this.faults.around('schedule', () => {
      if (name.length > 64 || !/^[\w.-]+$/.test(name)) throw new Error(`ValidationException: ${name}`);
      if (!this.waiting.has(name)) this.waiting.set(name, { message, at });
    });
  }

  find(name: string): Promise<string | undefined> {
    return this.faults.around('find', () => this.waiting.get(name)?.message);
  }

  remove(name: string): Promise<void> {
    return this.faults.around('remove', () => void this.waiting.delete(name));
  }

  /** Takes out what is due. @param now milliseconds since 1970 */
  due(now: number): string[] {
    const due = [...this.waiting].filter(([, { at }]) => at <= now);
    for (const [name] of due) this.waiting.delete(name);
    return due.map(([, { message }]) => message);
  }
}
