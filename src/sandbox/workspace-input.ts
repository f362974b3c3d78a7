import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type Readable, Transform, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { extract, type Header, pack } from 'tar-stream';
import type { FileChange } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';

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
const MTIME = new Date(0);

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

/** Copies one entry into another tar, no faster than that is read. */
async function copyInto(output: ReturnType<typeof pack>, sink: Writable, entry: Readable, look: (bytes: Buffer) => void): Promise<void> {
  for await (const chunk of entry) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    look(bytes);
    if (sink.write(bytes)) continue;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        sink.off('drain', settle);
        sink.off('close', settle);
        output.off('close', settle);
        if (output.destroyed) reject(new Failure('cancelled', 'the sandbox ended while it was filled'));
        else resolve();
      };
      sink.once('drain', settle);
      sink.once('close', settle);
      output.once('close', settle);
    });
  }
}

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
  const output = pack();
  const input = extract();

  const put = async (path: string, executable: boolean, content: Buffer): Promise<void> => {
    entries.set(path, { kind: 'file', executable, sha256: createHash('sha256').update(content).digest('hex') });
    if (path === '.gitignore' && content.length <= MAX_IGNORE_BYTES) {
      ignore = content.toString();
    }
    await new Promise<void>((resolve, reject) => {
      output.entry(
        { name: `workspace/${path}`, mode: executable ? 0o755 : 0o644, mtime: MTIME, type: 'file', size: content.length },
        content,
        (error) => (error ? reject(error) : resolve()),
      );
    });
  };

  /** What a dependency job installed. It was made by untrusted code, like everything in the sandbox that it goes to. */
  const addLayer = async (tar: Readable): Promise<void> => {
    const layer = extract();
    tar.on('error', (error) => layer.destroy(error));
    tar.pipe(layer);
    for await (const source of layer) {
      const entry = source as unknown as Readable & { readonly header: Header };
      const { header } = entry;
      const name = workspacePath(header.name);
      const path = name?.startsWith('workspace/') === true ? name.slice('workspace/'.length) : null;
      const taken = path !== null && [path, ...ancestors(path)].some((each) => entries.has(each) || layeredLinks.has(each));
      const fits = name !== null && (path !== null || name.startsWith('deps/')) && !taken;
      if (fits && header.type === 'symlink') {
        output.entry({ name, type: 'symlink', linkname: header.linkname ?? '', mtime: MTIME });
        if (path !== null) layeredLinks.add(path);
        entry.resume();
      } else if (fits && header.type === 'file') {
        const mode = ((header.mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755;
        const sink = output.entry({ name, mode, mtime: MTIME, type: 'file', size: header.size ?? 0 });
        const done = finished(sink as unknown as Writable);
        await copyInto(output, sink as unknown as Writable, entry, () => undefined);
        sink.end(undefined);
        await done;
      } else {
        entry.resume();
        continue;
      }
      if (path !== null) layered.add(path);
    }
  };

  const work = async (): Promise<Baseline> => {
    for await (const source of input) {
      // A `streamx` stream, which iterates and flows as Node's do.
      const entry = source as unknown as Readable & { readonly header: Header };
      const { header } = entry;
      const path = workspacePath(header.name);
      const drop = (why: string | null): void => {
        if (why !== null && refused.length < 100) {
          refused.push(`base entry ${JSON.stringify(header.name.slice(0, 200))}: ${why}`);
        }
        entry.resume();
      };
      if (header.type === 'directory') {
        // Folders come with their files: git knows no others.
        drop(null);
      } else if (path === null || path === '') {
        drop('leads outside the workspace');
      } else if (changed.has(path) || parentsOfWritten.has(path) || ancestors(path).some((above) => writtenSet.has(above))) {
        drop(null);
      } else if (entries.has(path) || ancestors(path).some((above) => links.has(above))) {
        drop('is named twice, or lies below a link');
      } else if (header.type === 'symlink') {
        const target = header.linkname ?? '';
        if (isInnerLink(path, target)) {
          entries.set(path, { kind: 'link', target });
          links.add(path);
          output.entry({ name: `workspace/${path}`, type: 'symlink', linkname: target, mtime: MTIME });
          entry.resume();
        } else {
          drop('is a link out of the workspace');
        }
      } else if (header.type === 'file' || header.type === 'contiguous-file') {
        const executable = ((header.mode ?? 0) & 0o100) !== 0;
        const hash = createHash('sha256');
        const kept: Buffer[] = [];
        const sink = output.entry({
          name: `workspace/${path}`,
          mode: executable ? 0o755 : 0o644,
          mtime: MTIME,
          type: 'file',
          size: header.size ?? 0,
        });
        const done = finished(sink as unknown as Writable);
        await copyInto(output, sink as unknown as Writable, entry, (bytes) => {
          hash.update(bytes);
          if (path === '.gitignore' && (header.size ?? 0) <= MAX_IGNORE_BYTES) kept.push(bytes);
        });
        sink.end(undefined);
        await done;
        entries.set(path, { kind: 'file', executable, sha256: hash.digest('hex') });
        if (path === '.gitignore') {
          ignore = Buffer.concat(kept).toString();
        }
      } else {
        drop(`is a ${String(header.type)}`);
      }
    }
    for (const file of files) {
      if (file.op === 'write') {
        await put(file.path, file.mode === '100755', Buffer.from(file.content, 'base64'));
      }
    }
    for (const open of layers) await addLayer(await open());
    output.finalize();
    return { entries, ignore, layered, refused };
  };

  base.on('error', (error) => input.destroy(error));
  base.pipe(input);
  const baseline = work().catch((error: unknown) => {
    output.destroy();
    base.destroy();
    throw error;
  });
  // The caller may learn of the failure by another way first; it must not count as unhandled then.
  baseline.catch(() => undefined);
  // tar-stream packs are `streamx` streams; Node's own pipe needs one of Node's.
  const tar = new Transform({
    transform(chunk, _encoding, next) {
      next(null, chunk);
    },
  });
  output.on('error', (error) => tar.destroy(error));
  output.on('close', () => tar.destroyed || tar.writableEnded || tar.destroy());
  tar.on('close', () => output.destroy());
  output.pipe(tar);
  return { tar, baseline };
}
