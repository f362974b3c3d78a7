/** Sizes of captured output, in bytes of UTF-8. */
export interface OutputLimits {
  /** Seen in total before the step is to be ended. */
  readonly total: number;
  /** Kept at the beginning, and the same again at the end. */
  readonly half: number;
  /** Longest line; the rest of it is left out. */
  readonly line: number;
}

/** Captures the output of one step within bounds. */
export interface OutputCapture {
  /** Takes raw bytes; returns false once the total is used up. */
  add(chunk: Uint8Array): boolean;
  /** What is kept: valid UTF-8 without NUL, at most `2 * half` bytes plus one line that says how much is missing. */
  finish(): { readonly text: string; readonly truncated: boolean };
}

/** Kept of one step's output: 1 MiB in all, lines of 16 KiB. */
const KEPT_HALF = 512 * 1024 - 64;
const LINE_BYTES = 16 * 1024;

/** A capture for one step of a job. */
export function captureStep(totalBytes: number): OutputCapture {
  return captureOutput({ total: totalBytes, half: KEPT_HALF, line: LINE_BYTES });
}

const NEWLINE = 0x0a;
const LINE_MARK = Buffer.from(' [rest of line left out]');

/** Start of the UTF-8 character at or before an index. */
function characterStart(bytes: Buffer, index: number): number {
  let at = Math.min(index, bytes.length);
  while (at > 0 && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) {
    at -= 1;
  }
  return at;
}

/** A capture that keeps head and tail; memory use is bounded by the limits, not by what comes in. */
export function captureOutput(limits: OutputLimits): OutputCapture {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let dropped = 0;
  let seen = 0;
  let column = 0;
  let truncated = false;

  function keep(piece: Buffer): void {
    let rest = piece;
    // Once something went to the tail, the head is closed: order must hold.
    if (tailBytes === 0 && dropped === 0 && headBytes < limits.half) {
      const cut = characterStart(rest, limits.half - headBytes);
      head.push(rest.subarray(0, cut));
      headBytes += cut;
      rest = rest.subarray(cut);
    }
    if (rest.length === 0) {
      return;
    }
    tail.push(rest);
    tailBytes += rest.length;
    if (tailBytes > 2 * limits.half) {
      trimTail();
    }
  }

  function trimTail(): void {
    const all = Buffer.concat(tail);
    let from = Math.max(0, all.length - limits.half);
    while (from < all.length && ((all[from] ?? 0) & 0xc0) === 0x80) {
      from += 1;
    }
    if (from > 0) {
      truncated = true;
      dropped += from;
    }
    tail = [Buffer.from(all.subarray(from))];
    tailBytes = all.length - from;
  }

  function addText(text: string): void {
    const bytes = Buffer.from(text.replaceAll('\0', '\uFFFD'));
    let at = 0;
    while (at < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline === -1 ? bytes.length : newline;
      const room = Math.max(0, limits.line - column);
      if (end - at > room) {
        if (column <= limits.line) {
          const cut = Math.max(at, characterStart(bytes, at + room));
          keep(bytes.subarray(at, cut));
          keep(LINE_MARK);
        }
        truncated = true;
        column = limits.line + 1;
      } else {
        keep(bytes.subarray(at, end));
        column += end - at;
      }
      if (newline === -1) {
        return;
      }
      keep(bytes.subarray(newline, newline + 1));
      column = 0;
      at = newline + 1;
    }
  }

  return {
    add(chunk) {
      const room = limits.total - seen;
      seen += chunk.length;
      if (room > 0) {
        addText(decoder.decode(chunk.length > room ? chunk.subarray(0, room) : chunk, { stream: true }));
      }
      if (seen > limits.total) {
        truncated = true;
        return false;
      }
      return true;
    },
    finish() {
      addText(decoder.decode());
      trimTail();
      const gap = dropped > 0 ? `\n[${dropped} bytes left out]\n` : '';
      return { text: Buffer.concat(head).toString() + gap + Buffer.concat(tail).toString(), truncated };
    },
  };
}
