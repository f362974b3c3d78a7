import type { Commit, Files } from './case.ts';
import type { Kit } from './kits.ts';
import type { Random } from './random.ts';

/** The time at which every healing of the evaluation happens: histories, and so their commit ids, are the same on every day. */
export const CLOCK = new Date('2026-03-02T12:00:00Z');

const HOUR_MS = 3_600_000;
const AUTHORS = ['Ada Moreau', 'Ben Okafor', 'Chen Wei', 'Dana Levy'];
const NAMES = ['price', 'tax', 'stock', 'coupon', 'weight', 'parcel', 'refund', 'margin', 'basket', 'points', 'pallet', 'stamp'];

/** A formula of one module: `factor * n + offset`. */
export interface Formula {
  readonly name: string;
  readonly factor: number;
  readonly offset: number;
}

function apply(tree: Map<string, string | Uint8Array>, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    if (content === null) tree.delete(path);
    else tree.set(path, content);
  }
}

/** A history that is being told: what everybody commits, and beside it what the repository should hold. */
export class Story {
  readonly kit: Kit;
  readonly random: Random;
  readonly head = new Map<string, string | Uint8Array>();
  /** The head without the break. */
  readonly good = new Map<string, string | Uint8Array>();
  readonly #commits: Omit<Commit, 'at'>[] = [];
  readonly #names: string[];
  readonly #modules: Formula[] = [];

  constructor(kit: Kit, random: Random) {
    this.kit = kit;
    this.random = random;
    this.#names = [...random.shuffled(NAMES)];
  }

  /** Place of the newest commit. */
  get last(): number {
    return this.#commits.length - 1;
  }

  commit(message: string, files: Files, broken = false): void {
    this.#commits.push({ author: this.random.pick(AUTHORS), message, files });
    apply(this.head, files);
    if (!broken) apply(this.good, files);
  }

  /** The commit that breaks it. */
  break(message: string, files: Files): void {
    this.commit(message, files, true);
  }

  /** A formula under a name that nobody has yet. */
  formula(): Formula {
    const name = this.#names.pop();
    if (name === undefined) throw new Error('no name is left');
    return { name, factor: this.random.between(2, 9), offset: this.random.between(1, 9) };
  }

  /** The first commit: policy, manifest, three modules with their tests, and what else the case needs. */
  begin(policy: string, more: Files = {}): readonly Formula[] {
    const modules = [this.formula(), this.formula(), this.formula()];
    this.#modules.push(...modules);
    const files: Record<string, string> = {};
    for (const module of modules) Object.assign(files, this.kit.module(module), this.kit.test(module));
    this.commit('The shop', { '.github/suture.yml': policy, 'README.md': '# Shop\n', ...this.kit.base, ...files, ...more });
    return modules;
  }

  /** Commits that have nothing to do with it. */
  quiet(count: number): void {
    for (let number = 0; number < count; number += 1) {
      const what = this.random.between(0, this.#names.length > 2 ? 2 : 1);
      if (what === 2) {
        const module = this.formula();
        this.#modules.push(module);
        this.commit(`Add ${module.name}`, { ...this.kit.module(module), ...this.kit.test(module) });
      } else if (what === 1) {
        this.commit(`Note ${number} on opening hours`, { [`docs/hours-${this.last}.md`]: `Open until ${this.random.between(17, 22)}.\n` });
      } else {
        const text = String(this.head.get('README.md'));
        this.commit('Describe the shop', { 'README.md': `${text}\nIt sells ${this.random.pick(['tea', 'soap', 'rope', 'paper'])}.\n` });
      }
    }
  }

  /** All commits, the last one an hour old, some hours apart; `oldest`: how many days the last one is old instead. */
  commits(days = 0): readonly Commit[] {
    let at = CLOCK.getTime() - HOUR_MS - days * 24 * HOUR_MS;
    const dated = this.#commits.toReversed().map((commit) => {
      const own = { ...commit, at: new Date(at) };
      at -= this.random.between(1, 6) * HOUR_MS;
      return own;
    });
    return dated.toReversed();
  }
}
