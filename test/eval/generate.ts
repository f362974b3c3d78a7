import type { EvalCase, Language } from './case.ts';
import type { EvalClass } from './classes/class.ts';
import { dependencies } from './classes/dependencies.ts';
import { regressions } from './classes/regressions.ts';
import { tools } from './classes/tools.ts';
import { traps } from './classes/traps.ts';
import { unhealable } from './classes/unhealable.ts';
import { KITS } from './kits.ts';
import { randomOf } from './random.ts';
import { Story } from './story.ts';

/** Every class, those that are healed without a model first. */
export const CLASSES: readonly EvalClass[] = [...regressions, ...tools, ...dependencies, ...unhealable, ...traps];

/** The case of a class in a language; the same for the same seed. */
export function generateCase(id: string, language: Language, seed: number): EvalCase {
  const found = CLASSES.find((each) => each.id === id && each.languages.includes(language));
  if (found === undefined) throw new Error(`there is no class ${id} in ${language}`);
  const random = randomOf(seed, `${id}/${language}`);
  const story = new Story(KITS[language], random);
  const { check, run, green, truth, days } = found.tell(story);
  return {
    id: `${id}-${language}-${seed}`,
    class: id,
    language,
    seed,
    commits: story.commits(days),
    head: story.head,
    run,
    ...(green !== undefined && random.chance(0.5) ? { green: { check, commit: green } } : {}),
    truth,
  };
}

/** Every class in every language, with seeds counted from `first`, until there are so many; the seeds of one class and language follow each other round by round. */
export function generateSet(count: number, first = 1): readonly EvalCase[] {
  const kinds = CLASSES.flatMap(({ id, languages }) => languages.map((language) => ({ id, language })));
  return Array.from({ length: count }, (_, at) => {
    const kind = kinds[at % kinds.length];
    if (kind === undefined) throw new Error('there are no classes');
    return generateCase(kind.id, kind.language, first + Math.floor(at / kinds.length));
  });
}
