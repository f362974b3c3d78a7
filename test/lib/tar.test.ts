import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TarHeader } from '../../src/lib/tar-header.ts';
import { readTar } from '../../src/lib/tar-reader.ts';
import { createTarWriter } from '../../src/lib/tar-writer.ts';

type Entry = Pick<TarHeader, 'name' | 'type' | 'size' | 'linkname'> & { readonly executable: boolean; readonly content: string };

function cut(bytes: Buffer, size: number): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks);
}

async function entriesOf(stream: Readable, ready?: () => Promise<void> | null): Promise<Entry[]> {
  const entries: Entry[] = [];
  await readTar(
    stream,
    ({ name, type, size, linkname, mode }) => {
      const parts: Buffer[] = [];
      return {
        data: (bytes) => parts.push(bytes),
        end: () =>
          entries.push({ name, type, size, linkname, executable: (mode & 0o100) !== 0, content: Buffer.concat(parts).toString('latin1') }),
      };
    },
    ready,
  );
  return entries;
}

const files: Readonly<Record<string, string>> = {
  'a.txt': 'one\n',
  empty: '',
  'block.bin': 'b'.repeat(512),
  'large.bin': 'l'.repeat(300_000),
  'tool.sh': 'echo ran\n',
  'ünïcödé/file ☃.txt': 'snow',
  [`${'d'.repeat(80)}/${'n'.repeat(99)}`]: 'long',
  [`x/${'e'.repeat(100)}/${'m'.repeat(150)}`]: 'longer',
  [`${'y/'.repeat(400)}deep`]: 'deep',
};
const links: Readonly<Record<string, string>> = { link: 'a.txt', 'far-link': `${'../'.repeat(60)}${'t'.repeat(120)}` };

describe('tar', () => {
  const folder = mkdtempSync(join(tmpdir(), 'suture-tar-'));
  const place = join(folder, 'in');
  beforeAll(() => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(place, name)), { recursive: true });
      writeFileSync(join(place, name), content);
    }
    chmodSync(join(place, 'tool.sh'), 0o755);
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(place, name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const gnuTar = (...args: readonly string[]): Buffer => execFileSync('tar', args, { maxBuffer: 64 * 1024 ** 2 });
  const made = (format: string): Buffer => gnuTar('-c', `--format=${format}`, '-f', '-', '-C', place, '.');

  describe.each(['gnu', 'pax', 'oldgnu'])('in the %s format of GNU tar', (format) => {
    // Where the pieces are cut must not matter: inside of headers, names and contents.
    it.each([1, 7, 511, 512, 513, 65_536, 10_000_000])('is read in pieces of %i bytes', async (size) => {
      const entries = await entriesOf(cut(made(format), size));
      const read = Object.fromEntries(entries.filter(({ type }) => type === 'file').map((entry) => [entry.name.slice(2), entry]));
      expect(Object.keys(read).sort()).toEqual(Object.keys(files).sort());
      for (const [name, content] of Object.entries(files)) {
        expect(read[name]?.content).toBe(content);
        expect(read[name]?.executable).toBe(name === 'tool.sh');
      }
      const targets = entries.filter(({ type }) => type === 'symlink').map(({ name, linkname }) => [name.slice(2), linkname]);
      expect(Object.fromEntries(targets)).toEqual(links);
      expect(entries.some(({ type, name }) => type === 'directory' && name === './x/')).toBe(true);
    });
  });

  it('is written as GNU tar unpacks it, byte for byte', async () => {
    const out = join(folder, 'out');
    mkdirSync(out);
    const writer = createTarWriter();
    for (const [name, content] of Object.entries(files)) {
      const bytes = Buffer.from(content);
      writer.file(name, name === 'tool.sh' ? 0o755 : 0o644, bytes.length);
      for (let at = 0; at < bytes.length; at += 5_000) writer.data(bytes.subarray(at, at + 5_000));
      writer.end();
    }
    for (const [name, target] of Object.entries(links)) writer.symlink(name, target);
    writer.finish();
    execFileSync('tar', ['-x', '-p', '-f', '-', '-C', out], { input: await buffer(writer.stream) });
    for (const [name, content] of Object.entries(files)) {
      expect(readFileSync(join(out, name), 'utf8')).toBe(content);
      expect(statSync(join(out, name)).mode & 0o777).toBe(name === 'tool.sh' ? 0o755 : 0o644);
      expect(statSync(join(out, name)).mtimeMs).toBe(0);
    }
    for (const [name, target] of Object.entries(links)) expect(readlinkSync(join(out, name))).toBe(target);
  });

  it('comes back as it was written, whatever names, sizes and pieces', async () => {
    const name = fc
      .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join('/').replaceAll('\0', '0'))
      .filter((text) => !text.endsWith('/') && Buffer.from(text).toString() === text);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name, size: fc.nat(9_000), link: fc.option(name) }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 20_000 }),
        async (given, pieces) => {
          const writer = createTarWriter();
          for (const [index, entry] of given.entries()) {
            if (entry.link !== null) writer.symlink(entry.name, entry.link);
            else {
              writer.file(entry.name, 0o644, entry.size);
              writer.data(Buffer.alloc(entry.size, `${index} `));
              writer.end();
            }
          }
          writer.finish();
          const entries = await entriesOf(cut(await buffer(writer.stream), pieces));
          expect(entries.map((entry) => [entry.name, entry.type, entry.linkname, entry.content])).toEqual(
            given.map(({ name: path, size, link }, index) =>
              link === null ? [path, 'file', '', Buffer.alloc(size, `${index} `).toString('latin1')] : [path, 'symlink', link, ''],
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  describe('that is none', () => {
    const whole = (): Buffer => made('gnu');
    const changed = (at: number, text: string): Buffer => {
      const bytes = whole();
      bytes.write(text, at, 'latin1');
      return bytes;
    };
    /** Gives a header the checksum that fits it. */
    const sealed = (header: Buffer): void => {
      header.write('        ', 148, 'latin1');
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    };
    /** A header that says what it likes, with the checksum that fits. */
    const forged = (at: number, text: string): Buffer => {
      const bytes = whole().subarray(0, 512);
      bytes.write(text, at, 'latin1');
      sealed(bytes);
      return bytes;
    };
    it.each([
      ['with a header that was changed', () => changed(0, 'z'), /damaged/],
      ['of a format that nobody knows', () => forged(257, 'bzzzt'), /unknown format/],
      ['with a size that is no number', () => forged(124, '9999999999'), /without a size/],
      ['with a negative size', () => forged(124, '\xff'.repeat(12)), /without a size/],
      ['that ends inside of a file', () => whole().subarray(0, 300_000), /cut off/],
      ['that ends inside of a header', () => whole().subarray(0, 100), /cut off/],
    ])('%s is refused', async (_how, bytes, message) => {
      await expect(entriesOf(cut(bytes(), 10_000))).rejects.toThrow(message);
    });

    it('with a name of gigabytes is refused before that is read', async () => {
      const header = forged(124, '77777777777');
      const bytes = Buffer.from(header);
      bytes.write('L', 156, 'latin1');
      sealed(bytes);
      await expect(entriesOf(cut(bytes, 512))).rejects.toThrow(/endless/);
    });

    it('ends the stream that it came from', async () => {
      const stream = cut(changed(0, 'z'), 1000);
      await expect(entriesOf(stream)).rejects.toThrow();
      expect(stream.destroyed).toBe(true);
    });
  });

  describe('that is read no faster than it is taken', () => {
    it('is read whole where its last piece comes while something is waited for', async () => {
      let waits = 0;
      const ready = (): Promise<void> => {
        waits += 1;
        return delay(1);
      };
      const all = await entriesOf(cut(made('gnu'), 10_000_000), ready);
      expect(all.filter(({ type }) => type === 'file')).toHaveLength(Object.keys(files).length);
      expect(waits).toBeGreaterThan(1);
    });

    it('ends with the reason for which nobody takes more of it', async () => {
      const stream = cut(made('gnu'), 10_000);
      await expect(entriesOf(stream, () => Promise.reject(new Error('enough')))).rejects.toThrow('enough');
      expect(stream.destroyed).toBe(true);
    });

    it.each([
      ['breaks', (stream: Readable) => stream.destroy(new Error('gone')), /gone/],
      ['is taken away', (stream: Readable) => stream.destroy(), /cut off/],
    ])('ends where its stream %s, before and while it is read', async (_how, end, message) => {
      const early = new Readable({ read: () => undefined });
      early.on('error', () => undefined);
      end(early);
      await expect(entriesOf(early)).rejects.toThrow(message);
      const late = new Readable({ read: () => undefined });
      const reading = entriesOf(late);
      late.push(made('gnu').subarray(0, 1000));
      setImmediate(() => end(late));
      await expect(reading).rejects.toThrow(message);
    });

    it('makes whoever writes wait until it is read, or nobody will', async () => {
      const writer = createTarWriter();
      const size = 8 * 1024 ** 2;
      writer.file('large', 0o644, size);
      expect(writer.ready()).toBeNull();
      writer.data(Buffer.alloc(size));
      const waiting = writer.ready();
      expect(waiting).not.toBeNull();
      let settled = false;
      void waiting?.then(() => {
        settled = true;
      });
      await delay(20);
      expect(settled).toBe(false);
      writer.stream.destroy();
      await waiting;
      expect(writer.ready()).toBeNull();
    });
  });

  it('holds its writer to the size that a file was said to have', () => {
    const writer = createTarWriter();
    writer.file('a', 0o644, 3);
    expect(() => writer.data(Buffer.from('four'))).toThrow(/longer/);
    expect(() => writer.end()).toThrow(/shorter/);
    expect(() => writer.symlink('b', 'c')).toThrow(/shorter/);
  });
});
