import { createHmac, timingSafeEqual } from 'node:crypto';
import { CoatcheckError } from '../../core/base/errors.ts';

/** A ticket was changed, is over, or is for something else. */
export class TicketRefused extends CoatcheckError {
  override readonly name = 'TicketRefused';
  readonly code = 'ticket_refused';
}

/** Signs and reads tickets: JSON that its holder can't change, valid until a time. */
export class Tickets<Content extends object> {
  readonly #key: Uint8Array;
  readonly #now: () => number;

  /** @param key secret, at least 32 bytes. @param now milliseconds since 1970 */
  constructor(key: Uint8Array, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  sign(content: Content, validSeconds: number): string {
    const ticket: Ticket<Content> = { content, endsAt: this.#now() + validSeconds * 1000 };
    const body = Buffer.from(JSON.stringify(ticket)).toString('base64url');
    return `${body}.${this.#digest(body).toString('base64url')}`;
  }

  /** @throws TicketRefused */
  read(text: string): Content {
    const [body = '', signature = ''] = text.split('.');
    const [given, expected] = [Buffer.from(signature, 'base64url'), this.#digest(body)];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new TicketRefused('This ticket was not issued by this service');
    }
    const { content, endsAt }: Ticket<Content> = JSON.parse(Buffer.from(body, 'base64url').toString());
    if (this.#now() > endsAt) throw new TicketRefused('This ticket has expired: ask for another one');
    return content;
  }

  #digest(body: string): Buffer {
    return createHmac('sha256', this.#key).update(body).digest();
  }
}

interface Ticket<Content> {
  readonly content: Content;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}
