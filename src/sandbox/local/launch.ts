import { existsSync } from 'node:fs';
import { isReachable, type Toolchain } from './toolchains.ts';

type Mounted = Toolchain & { readonly source: string };

/** A program with its arguments, and the user it starts as. */
export interface LaunchCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Toolchains with the source paths to mount from. */
  readonly toolchains: readonly Toolchain[];
}

/**
 * Runs as root in a mount namespace of its own, which ends with it: shows toolchains that lie in a private folder at a place that the
 * job's user can reach, then becomes that user for good. Arguments: uid, stage folder, number of toolchains, for each its kind,
 * source and name, then the command.
 */
const STAGE = `
set -e
uid=$1 stage=$2 count=$3
shift 3
mount -t tmpfs -o mode=0755,size=1m,nosuid,nodev tmpfs "$stage"
while [ "$count" -gt 0 ]; do
  count=$((count - 1))
  if [ "$1" = file ]; then : >"$stage/$3"; else mkdir "$stage/$3"; fi
  mount --bind "$2" "$stage/$3"
  shift 3
done
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs -- "$@"
`;

/** Where hidden toolchains can be shown: an empty-enough folder that exists everywhere and holds none of the sources. */
function stageFolder(sources: readonly string[]): string | null {
  const usable = ['/mnt', '/media', '/srv'].find(
    (folder) => existsSync(folder) && !sources.some((source) => source === folder || source.startsWith(`${folder}/`)),
  );
  return usable ?? null;
}

/** How to start bubblewrap as the job's user; `uid` null means as ourselves. Root only uses the detour when a toolchain needs it. */
export function launchCommand(bwrap: string, args: readonly string[], uid: number | null, toolchains: readonly Toolchain[]): LaunchCommand {
  if (uid === null) {
    return { file: bwrap, args, toolchains };
  }
  const hidden = toolchains.filter((toolchain): toolchain is Mounted => toolchain.source !== null && !isReachable(toolchain.source));
  if (hidden.length === 0) {
    return { file: bwrap, args, uid, gid: uid, toolchains };
  }
  const stage = stageFolder(hidden.map((toolchain) => toolchain.source));
  if (stage === null) {
    return {
      file: bwrap,
      args,
      uid,
      gid: uid,
      toolchains: toolchains.filter((toolchain) => !(hidden as readonly Toolchain[]).includes(toolchain)),
    };
  }
  const names = new Map<Toolchain, string>(hidden.map((toolchain, index) => [toolchain, `t${index}`]));
  const staged = hidden.flatMap((toolchain) => [toolchain.isFile ? 'file' : 'folder', toolchain.source, names.get(toolchain) ?? '']);
  return {
    file: '/usr/bin/unshare',
    args: [
      ['--mount', '--propagation', 'private', '--', '/bin/sh', '-c', STAGE, 'stage'],
      [String(uid), stage, String(hidden.length), ...staged, bwrap, ...args],
    ].flat(),
    toolchains: toolchains.map((toolchain) => {
      const name = names.get(toolchain);
      return name === undefined ? toolchain : { ...toolchain, source: `${stage}/${name}` };
    }),
  };
}
