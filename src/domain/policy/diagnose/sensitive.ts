import type { Diagnosis } from '../../diagnosis.schema.ts';
import { isTestFile } from '../gate/paths.ts';
import { codePaths } from './from-changes.ts';
import type { Facts } from './vote.ts';

/** Names of files and folders that decide who may do what, or keep secrets. As whole words: a tokenizer is no token. */
const WORDS = new Set(
  (
    'auth authn authz authentication authorization authorisation oauth oauth2 oidc saml sso login session sessions ' +
    'crypto cryptography cipher encryption signing jwt password passwords secret secrets credential credentials ' +
    'permission permissions rbac acl iam csrf security'
  ).split(' '),
);
/** Repairs of these classes are patches or reverts of code; the others change what a tool prescribes, or nothing. */
const CHANGES_CODE = new Set<Diagnosis['class']>(['code', 'types', 'unknown']);

/** Whether a path is about access, identity or secrets. */
export function isSensitive(path: string): boolean {
  return path
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .some((word) => WORDS.has(word));
}

/** The path about access or secrets that a repair would have to change; null where there is none. */
export function sensitivePath(facts: Facts, kind: Diagnosis['class']): string | null {
  if (!CHANGES_CODE.has(kind)) return null;
  if (facts.incident.lastGreenSha === undefined) return null;
  const changed = codePaths(facts);
  const pointed = [...(facts.digest?.complaints ?? []), ...(facts.digest?.frames ?? [])].flatMap(({ path }) =>
    path === undefined || isTestFile(path) ? [] : [path],
  );
  // Either the log points there, or nothing else changed that could be repaired.
  const named = pointed.find((path) => isSensitive(path) && changed.includes(path));
  return named ?? (changed.length > 0 && changed.every(isSensitive) ? (changed[0] ?? null) : null);
}
