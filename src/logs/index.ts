import type { LogDigest } from '../domain/log-digest.schema.ts';
import { Complaints } from './complaints.ts';
import { chosen } from './excerpts.ts';
import { Frames } from './frames.ts';
import { type LogText, linesOf } from './lines.ts';
import { Reducer, templatesOf } from './reducer.ts';
import { repositoryPaths } from './repository-path.ts';

/** A log and what it can be compared with. All of it redacted. */
export interface LogInput {
  readonly text: LogText;
  /** Log of the last green run of the same check, where there is one. */
  readonly green?: LogText;
  /** Paths of the repository that matter: changed since green. Frames in them come first. */
  readonly paths: readonly string[];
  /** The command that printed it, where it is known: some tools print nothing but names of files. */
  readonly command?: string;
}

/** Lines of one template that tools read: a hundred complaints look alike. */
const MAX_ALIKE = 100;

/** What is left of a log after reduction. Linear in the log's length; memory is bounded but for a log given as one string. */
export function digestLog({ text, green, paths, command = '' }: LogInput): LogDigest {
  const path = repositoryPaths(paths);
  const reducer = new Reducer(green === undefined ? null : templatesOf(green));
  const complaints = new Complaints({ paths, command, path });
  const frames = new Frames({ paths, path });
  let bytes = 0;
  let lines = 0;
  for (const line of linesOf(counted(text, (more) => (bytes += more)))) {
    const { times, green: known } = reducer.line(line);
    complaints.line(line.text, !known && times < MAX_ALIKE);
    if (!known && times < MAX_ALIKE) frames.line(line.text);
    lines = line.number;
  }
  const excerpts = chosen(reducer.candidates());
  const keptBytes = excerpts.reduce((sum, each) => sum + Buffer.byteLength(each.text), 0);
  return {
    bytes,
    keptBytes,
    lines,
    compared: green !== undefined,
    excerpts: [...excerpts],
    complaints: [...complaints.finish()],
    frames: [...frames.finish()],
  };
}

/** The same text, its bytes counted on the way. */
function counted(text: LogText, add: (bytes: number) => void): LogText {
  if (typeof text === 'string') {
    add(Buffer.byteLength(text));
    return text;
  }
  return (function* () {
    for (const piece of text) {
      add(Buffer.byteLength(piece));
      yield piece;
    }
  })();
}
