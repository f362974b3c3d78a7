import { type Entry, fromBuffer, type ZipFile } from 'yauzl';

/** Most of an archive that is read, in bytes as it comes; a larger one is left alone. */
const MAX_ARCHIVE = 32 * 1024 ** 2;
/** Entries that are looked at. */
const MAX_ENTRIES = 5_000;
/** Most of one log as it is unpacked, in bytes: an archive that says more of itself is not read on. */
const MAX_UNPACKED = 256 * 1024 ** 2;

/** Whether bytes begin as a zip archive does. */
export function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 0x03 && start[3] === 0x04;
}

/** All bytes, or null when there are more than may be. */
async function gathered(stream: AsyncIterable<Uint8Array>): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_ARCHIVE) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** GitHub leaves characters out of file names that some systems cannot have, and cuts long names. */
const plainName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .slice(0, 80);

/** The log of a whole job lies at the top, `<number>_<job>.txt`; those of its steps lie in folders. */
function isLogOf(entry: string, job: string): boolean {
  const name = /^-?\d+_(.+)\.txt$/.exec(entry)?.[1];
  return name !== undefined && !entry.includes('/') && plainName(name) === plainName(job);
}

async function* bytesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

function findEntry(archive: ZipFile, job: string): Promise<Entry | null> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    archive.on('entry', (entry) => {
      seen += 1;
      if (isLogOf(entry.fileName, job)) return resolve(entry);
      if (seen >= MAX_ENTRIES) return resolve(null);
      archive.readEntry();
    });
    archive.on('end', () => resolve(null));
    archive.on('error', reject);
    archive.readEntry();
  });
}

/** Bytes of the log of one job out of the archive of its run; null when it is not in there, or when the archive is too large or broken. Nothing is unpacked to a path. */
export async function logInZip(stream: AsyncIterable<Uint8Array>, job: string): Promise<AsyncIterable<Uint8Array> | null> {
  const bytes = await gathered(stream);
  if (bytes === null) return null;
  const archive = await new Promise<ZipFile | null>((resolve) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, opened) => resolve(error === null ? opened : null));
  });
  if (archive === null) return null;
  try {
    const entry = await findEntry(archive, job);
    if (entry === null || entry.uncompressedSize > MAX_UNPACKED) return null;
    return await new Promise((resolve) => {
      archive.openReadStream(entry, (error, log) => resolve(error === null ? bytesOf(log) : null));
    });
  } catch {
    // Not an archive as GitHub makes them.
    return null;
  }
}
