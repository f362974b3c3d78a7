import { RepoPath } from '../../domain/names.schema.ts';
import { asOnly } from '../only.ts';

/** Headers by which a file says that a program made it. */
const HEADER =
  /^(?:\/\/|#|--|;|\/?\*+|<!--|\/\*)?\s*(?:Code generated .{1,200} DO NOT EDIT\.?|.{0,80}@generated\b|.{0,80}\bDO NOT EDIT\b.{0,120}\bgenerated\b|.{0,80}\bautomatically generated\b)/i;
/** Lines of a file in which such a header stands. */
const HEAD_LINES = 20;

/** Whether a text says in its first lines that it was generated. */
export function saysGenerated(text: string): boolean {
  return text.split('\n', HEAD_LINES).some((line) => HEADER.test(line.trim().slice(0, 400)));
}

/** Globs of the paths that .gitattributes marks as generated. */
export function markedPaths(gitattributes: string | null): readonly string[] {
  return (gitattributes ?? '').split('\n').flatMap((line) => {
    const [pattern = '', ...attributes] = line.trim().split(/\s+/);
    if (pattern.startsWith('#') || pattern.startsWith('"')) return [];
    if (!attributes.some((attribute) => /^linguist-generated(?:=true|=1)?$/.test(attribute))) return [];
    const glob = asOnly(pattern);
    // The mark may not be everything.
    return RepoPath.safeParse(glob).success && /[^*/?]/.test(glob) ? [glob] : [];
  });
}
