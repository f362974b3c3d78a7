import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes that this user can still write to the disk of a folder, or where it would be made; 0 when no file can be made there, null when nothing tells. */
export function freeBytes(folder: string): number | null {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const disk = statfsSync(at);
      // Those of the kernel have no size at all; some others no limit on files, and say 0 of 0.
      if (disk.blocks === 0) return null;
      return disk.files > 0 && disk.ffree === 0 ? 0 : disk.bavail * disk.bsize;
    } catch {
      if (dirname(at) === at) return null;
    }
  }
}

/** The place whose disk has the least room, to say which of several is full; the first when they share one. */
export function fullest<Place extends { readonly folder: string }>(first: Place, ...others: readonly Place[]): Place {
  const room = (place: Place): number => freeBytes(place.folder) ?? Number.POSITIVE_INFINITY;
  return others.reduce((least, place) => (room(place) < room(least) ? place : least), first);
}
