import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import type { FileChange } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import { createContentHash } from '../lib/content-hash.ts';
import type { TarHeader } from '../lib/tar-header.ts';
import { readTar, type TarSink, type TarVisitor } from '../lib/tar-reader.ts';
import { createTarWriter } from '../lib/tar-writer.ts';

/** What one path held when the steps began. */
export type BaselineEntry =
  | { readonly kind: 'file'; readonly executable: boolean; readonly sha256: string }
  | { readonly kind: 'link'; readonly target: string };

/** What the workspace held when the steps began. */
export interface Baseline {
  readonly entries: ReadonlyMap<string, BaselineEntry>;
  /** Root `.gitignore`, as far as it is short enough to be one. */
  readonly ignore: string;
  /** Paths below the workspace that came with installed dependencies: never changes of a job. */
  readonly layered: ReadonlySet<string>;
  /** Base entries that were left out, one line each. */
  readonly refused: readonly string[];
}

const MAX_IGNORE_BYTES = 64 * 1024;
/** Files up to this size are hashed at once. */
const KEPT_BYTES = 1024 ** 2;

/** A tar name as a path below the workspace; null when it leads anywhere else. */
export function workspacePath(name: string): string | null {
  const parts = name.split('/').filter((part, index) => part !== '.' && !(part === '' && index > 0));
  const odd = parts.some((part) => part === '' || part === '..' || part.toLowerCase() === '.git' || part.includes('\0'));
  return odd ? null : parts.join('/');
}

/** Whether a link stays inside the workspace; absolute ones do not. */
export function isInnerLink(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/')) {
    return false;
  }
  const end = posix.normalize(posix.join(posix.dirname(path), target));
  return end !== '..' && !end.startsWith('../');
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

const isBelow = (path: string, folders: ReadonlySet<string>): boolean =>
  folders.size > 0 && ancestors(path).some((above) => folders.has(above));

/**
 * Turns the base revision with the change set on top, then what dependency jobs installed, into one clean tar with names below
 * `workspace/` and `deps/`, and remembers what it put in. Nothing touches the host's disk. Of the base only files and links that stay
 * inside the workspace get through; what is installed never takes the place of what is committed.
 */
export function workspaceInput(
  base: Readable,
  files: readonly FileChange[],
  layers: ReadonlyArray<() => Promise<Readable>> = [],
): { readonly tar: Readable; readonly baseline: Promise<Baseline> } {
  const changed = new Map(files.map((file) => [file.path, file]));
  const written = files.filter((file) => file.op === 'write').map((file) => file.path);
  const writtenSet = new Set(written);
  const parentsOfWritten = new Set(written.flatMap(ancestors));
  const entries = new Map<string, BaselineEntry>();
  const links = new Set<string>();
  const refused: string[] = [];
  const layered = new Set<string>();
  const layeredLinks = new Set<string>();
  let ignore = '';
  const output = createTarWriter();
  const ready = async (): Promise<void> => {
    await output.ready();
    if (output.stream.destroyed) throw new Failure('cancelled', 'the sandbox ended while it was filled');
  };
  const pausing = (): Promise<void> | null => (output.stream.destroyed || output.ready() !== null ? ready() : null);

  /** Copies an entry under its name in the sandbox; `look` sees the content on its way. */
  const copy = (name: string, { mode, size }: TarHeader, look: (bytes: Buffer) => void, ended: (executable: boolean) => void): TarSink => {
    const executable = (mode & 0o100) !== 0;
    output.file(name, executable ? 0o755 : 0o644, size);
    return {
      data(bytes) {
        look(bytes);
        output.data(bytes);
      },
      end() {
        output.end();
        ended(executable);
      },
    };
  };

  const put = (path: string, executable: boolean, content: Buffer): void => {
    entries.set(path, { kind: 'file', executable, sha256: createHash('sha256').update(content).digest('hex') });
    if (path === '.gitignore' && content.length <= MAX_IGNORE_BYTES) {
      ignore = content.toString();
    }
    output.file(`workspace/${path}`, executable ? 0o755 : 0o644, content.length);
    output.data(content);
    output.end();
  };

  const ofBase: TarVisitor = (header) => {
    const path = workspacePath(header.name);
    const drop = (why: string | null): null => {
      if (why !== null && refused.length < 100) {
        refused.push(`base entry ${JSON.stringify(header.name.slice(0, 200))}: ${why}`);
      }
      return null;
    };
    // Folders come with their files: git knows no others.
    if (header.type === 'directory') return drop(null);
    if (path === null || path === '') return drop('leads outside the workspace');
    if (changed.has(path) || parentsOfWritten.has(path) || isBelow(path, writtenSet)) return drop(null);
    if (entries.has(path) || isBelow(path, links)) return drop('is named twice, or lies below a link');
    if (header.type === 'symlink') {
      if (!isInnerLink(path, header.linkname)) return drop('is a link out of the workspace');
      entries.set(path, { kind: 'link', target: header.linkname });
      links.add(path);
      output.symlink(`workspace/${path}`, header.linkname);
      return null;
    }
    if (header.type !== 'file') return drop(`is a ${header.type}`);
    const content = createContentHash(header.size, KEPT_BYTES);
    return copy(
      `workspace/${path}`,
      header,
      (bytes) => content.update(bytes),
      (executable) => {
        const { sha256, bytes } = content.digest();
        entries.set(path, { kind: 'file', executable, sha256 });
        if (path === '.gitignore' && header.size <= MAX_IGNORE_BYTES) ignore = (bytes ?? '').toString();
      },
    );
  };

  /** What a dependency job installed. It was made by untrusted code, like everything in the sandbox that it goes to. */
  const ofLayer: TarVisitor = (header) => {
    const name = workspacePath(header.name);
    const path = name?.startsWith('workspace/') === true ? name.slice('workspace/'.length) : null;
    const taken = path !== null && [path, ...ancestors(path)].some((each) => entries.has(each) || layeredLinks.has(each));
    if (name === null || (path === null && !name.startsWith('deps/')) || taken) return null;
    if (header.type !== 'symlink' && header.type !== 'file') return null;
    if (path !== null) layered.add(path);
    if (header.type === 'file')
      return copy(
        name,
        header,
        () => undefined,
        () => undefined,
      );
    output.symlink(name, header.linkname);
    if (path !== null) layeredLinks.add(path);
    return null;
  };

  const work = async (): Promise<Baseline> => {
    await readTar(base, ofBase, pausing);
    for (const file of files) {
      if (file.op !== 'write') continue;
      put(file.path, file.mode === '100755', Buffer.from(file.content, 'base64'));
      await pausing();
    }
    for (const open of layers) await readTar(await open(), ofLayer, pausing);
    output.finish();
    return { entries, ignore, layered, refused };
  };

  const baseline = work().catch((error: unknown) => {
    output.stream.destroy();
    base.destroy();
    throw error;
  });
  // The caller may learn of the failure by another way first; it must not count as unhandled then.
  baseline.catch(() => undefined);
  return { tar: output.stream, baseline };
}
