import type { Complaint } from '../domain/log-digest.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { RepositoryPath } from './repository-path.ts';
import type { Found, Tool, View } from './tool.ts';
import { TOOLS } from './tools/index.ts';

const MAX_COMPLAINTS = 100;
/** Lines that tools look at; a log of more distinct ones is noise, or made to be long. */
const MAX_READ = 50_000;
/** Lines round the one that is read. */
const REACH = 8;
const SIZE = 2 * REACH + 1;
/** Of a line, tools see so much. */
const MAX_SEEN = 500;

/** Hands every line to the tools, with the lines round it. Holds seventeen lines at a time. */
export class Complaints {
  readonly #ring: string[] = Array<string>(SIZE).fill('');
  readonly #asked: boolean[] = Array<boolean>(SIZE).fill(false);
  readonly #found: { readonly complaint: Complaint; readonly warning: boolean }[] = [];
  readonly #seen = new Set<string>();
  readonly #path: RepositoryPath;
  readonly #view: View & { text: string; heading: string };
  #at = 0;
  #read = 0;
  #errors = 0;

  constructor(input: { readonly paths: readonly string[]; readonly command: string; readonly path: RepositoryPath }) {
    this.#path = input.path;
    this.#view = {
      text: '',
      heading: '',
      command: input.command,
      paths: input.paths,
      near: (offset) => (Math.abs(offset) > REACH ? '' : (this.#ring[(this.#at - 1 - REACH + offset + 2 * SIZE) % SIZE] ?? '')),
    };
  }

  /** The next line; `asked` says whether it can tell anything new. */
  line(text: string, asked: boolean): void {
    const slot = this.#at % SIZE;
    this.#ring[slot] = text.slice(0, MAX_SEEN);
    this.#asked[slot] = asked;
    this.#at += 1;
    if (this.#at > REACH) this.#look();
  }

  /** What was found, errors before warnings. */
  finish(): readonly Complaint[] {
    for (let rest = 0; rest < REACH; rest += 1) this.line('', false);
    return this.#found.filter(({ warning }) => !warning || this.#errors === 0).map(({ complaint }) => complaint);
  }

  #look(): void {
    const slot = (this.#at - 1 - REACH + SIZE) % SIZE;
    const view = this.#view;
    view.text = this.#ring[slot] ?? '';
    if (view.text !== '' && this.#asked[slot] === true && this.#read < MAX_READ && this.#errors < MAX_COMPLAINTS) {
      this.#read += 1;
      for (const tool of TOOLS) {
        const found = tool.read(view);
        if (found === null) continue;
        this.#keep(tool, found);
        break;
      }
    }
    if (view.text !== '' && !/^\s/.test(view.text)) view.heading = view.text;
  }

  #keep(tool: Tool, found: Found): void {
    const path = found.path === undefined ? undefined : this.#path(found.path);
    const complaint: Complaint = {
      tool: oneLine(found.tool ?? tool.id, 40),
      class: found.class ?? tool.class,
      ...(path === undefined ? {} : { path }),
      ...(path === undefined || found.line === undefined || found.line < 1 ? {} : { line: found.line }),
      ...(found.rule === undefined || found.rule === '' ? {} : { rule: oneLine(found.rule, 100) }),
      message: oneLine(found.message, 300),
    };
    const warning = found.warning === true;
    const key = [complaint.tool, complaint.rule, complaint.path, complaint.line, complaint.message].join('\0');
    if (this.#seen.has(key) || (warning && this.#found.length - this.#errors >= MAX_COMPLAINTS)) return;
    this.#seen.add(key);
    if (!warning) this.#errors += 1;
    this.#found.push({ complaint, warning });
  }
}
