/** Programs for `sh -c` inside a box; names come as arguments, never as program text. */

/** Fills the workspace from a tar on standard input. */
export const FILL = 'umask 022; exec tar -x -p -f - -C / --no-same-owner';

/** Runs the command of a step, both outputs in one. */
export const STEP = 'exec 2>&1 </dev/null; exec /bin/sh -c "$1"';

/** Carries connections to endpoints; its arguments are the relay and its listeners. */
export const RELAYING = 'exec node -e "$1" "$2"';

/** Ends everything that steps left behind. */
const END_ALL = 'kill -s KILL -- -1';

/** Sends whole folders as tar, once everything has ended. */
export const KEEP_BODY = `
chmod -R u+rwX /workspace /deps 2>/dev/null
cd / || exit 96
for name in "$@"; do
  shift
  [ ! -e "$name" ] || set -- "$@" "$name"
done
[ "$#" -gt 0 ] || set -- --files-from /dev/null
exec tar -c -f - --hard-dereference "$@"
`;

/** Sends what was asked for as tar: `collect <names> -- <words>`; the words are `changes` and folders to leave out. */
export const COLLECT_BODY = `
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

/** Ends everything that steps left behind, then sends whole folders. */
export const KEEP = `${END_ALL}${KEEP_BODY}`;

/** Ends everything that steps left behind, then sends what was asked for. */
export const COLLECT = `${END_ALL}${COLLECT_BODY}`;

/** How often a process was refused, how often one was ended for its memory, how many there are, and the free blocks of what a step can fill. */
export const LOOK = `
sed -n 's/^max /refused /p' /sys/fs/cgroup/pids.events /sys/fs/cgroup/pids/pids.events 2>/dev/null
sed -n 's/^oom_kill /killed /p' /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null
stat -f -c 'space %a' /workspace /tmp /home/sandbox /deps /dev/shm 2>/dev/null
set -- /proc/[0-9]*
echo "processes $#"
`;
