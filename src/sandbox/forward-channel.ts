import { Duplex } from 'node:stream';
import { FRAME_BYTES, WINDOW_BYTES } from './relay.ts';

/** Sends one frame of a connection towards the relay. */
export type SendFrame = (kind: number, payload?: Uint8Array) => void;

/** The host's end of one connection out of a sandbox: a stream whose two ways are held back separately. */
export class ForwardChannel extends Duplex {
  readonly #send: SendFrame;
  #window = WINDOW_BYTES;
  #resume: (() => void) | null = null;
  /** Bytes taken in that the other side has no credit for yet. */
  #owed = 0;
  #over = false;

  constructor(send: SendFrame) {
    super({ allowHalfOpen: true });
    this.#send = send;
  }

  /** Takes in bytes of the sandbox; false when it sent more than it has credit for. */
  takeIn(bytes: Buffer): boolean {
    this.#owed += bytes.length;
    if (this.#owed > WINDOW_BYTES + 2 * FRAME_BYTES) return false;
    this.push(bytes);
    return true;
  }

  /** The sandbox sends no more. */
  finish(): void {
    this.push(null);
  }

  /** The sandbox broke the connection off. */
  breakOff(): void {
    this.#over = true;
    this.destroy();
  }

  /** The sandbox took so many bytes. */
  credit(bytes: number): void {
    this.#window = Math.min(this.#window + bytes, WINDOW_BYTES);
    const resume = this.#window > 0 ? this.#resume : null;
    if (resume !== null) {
      this.#resume = null;
      resume();
    }
  }

  override _read(): void {
    if (this.#owed === 0 || this.#over) return;
    const credit = Buffer.alloc(4);
    credit.writeUInt32BE(this.#owed, 0);
    this.#owed = 0;
    this.#send(5, credit);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const part = chunk.subarray(0, FRAME_BYTES);
    const rest = chunk.subarray(FRAME_BYTES);
    this.#window -= part.length;
    this.#send(2, part);
    const next = (): void => (rest.length > 0 ? this._write(rest, 'binary', done) : done());
    if (this.#window > 0) next();
    else this.#resume = next;
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#over) this.#send(3);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#resume = null;
    if (!this.#over) {
      this.#over = true;
      this.#send(4);
    }
    done(error);
  }
}
