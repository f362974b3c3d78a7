/** Where a command writes: progress for people to stderr, results to stdout. */
export interface Output {
  /** One step of progress. */
  step(text: string): void;
  /** A detail under the last step. */
  detail(text: string): void;
  good(text: string): void;
  bad(text: string): void;
  /** A result: text for people, or one JSON document. */
  result(text: string, json: unknown): void;
}

const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from outside, safe for a terminal. */
export function plain(text: string): string {
  return text.replace(UNSAFE, ' ');
}

/** Output for a terminal or a pipe; colours only on a terminal and without NO_COLOR. */
export function createOutput(options: { readonly json: boolean; readonly env: Readonly<Record<string, string | undefined>> }): Output {
  const colours = process.stderr.isTTY === true && options.env['NO_COLOR'] === undefined;
  const paint = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const started = Date.now();
  const clock = () => paint(2, `${((Date.now() - started) / 1000).toFixed(1).padStart(6)}s`);
  const write = (text: string) => process.stderr.write(`${text}\n`);
  return {
    step: (text) => write(`${clock()}  ${plain(text)}`),
    detail: (text) => write(`         ${paint(2, plain(text))}`),
    good: (text) => write(`${clock()}  ${paint(32, plain(text))}`),
    bad: (text) => write(`${clock()}  ${paint(31, plain(text))}`),
    result: (text, json) => {
      process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
    },
  };
}
