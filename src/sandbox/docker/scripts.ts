/** Programs for `sh -c` inside the container; names come as arguments, never as program text. */

/** Fills the workspace from a tar on standard input. */
export const FILL = 'umask 022; exec tar -x -p -f - -C /workspace --no-same-owner';

/** Runs the command of a step, both outputs in one. */
export const STEP = 'exec 2>&1 </dev/null; exec /bin/sh -c "$1"';

/** How often a process was refused, and the free blocks of what a step can fill. */
export const LOOK =
  "cat /sys/fs/cgroup/pids.events /sys/fs/cgroup/pids/pids.events 2>/dev/null; stat -f -c 'space %a' /workspace /tmp /home/sandbox /dev/shm";

/** Ends everything that steps left behind, then sends what was asked for as tar: `collect <names> -- <words>`; the words are `changes` and folders to leave out. */
export const COLLECT = `
kill -s KILL -- -1
chmod -R u+rwX /workspace 2>/dev/null
cd / || exit 96
code=0
count=$1
shift
while [ "$count" -gt 0 ]; do
  count=$((count - 1))
  name=$1
  shift
  [ ! -e "workspace/$name" ] || tar -c -f - --hard-dereference --no-recursion -- "workspace/$name" || code=$?
done
if [ "$1" = changes ]; then
  shift
  excludes=
  for name in "$@"; do
    excludes="$excludes --exclude=$name"
  done
  tar -c -f - --hard-dereference $excludes -C /workspace . || code=$?
fi
exit $code
`;
