/**
 * The supervisor inside the sandbox: fixed text for `sh -c`; commands and artifact names come as arguments, never as program text.
 *
 * It runs from a copy of the shell that nobody may read, which makes it "non-dumpable": the kernel then keeps its memory and its open
 * descriptors from every other process of the same user, so a step cannot write to the status descriptor or change the verdict.
 * A step may still end it, which the host sees as an ended sandbox, never as success.
 *
 * Descriptors: 3 connections to endpoints, both ways, for the relay alone; 6 status lines out, 7 orders in, 8 the workspace as tar in, 9 collected files as tar out. Steps get none of them.
 * Status lines: `input <code>`, `begin <n>`, `space <free blocks> <free inodes>...`, `end <n> <code>`, `drained <n>`, `collected <code>`.
 * A step writes into a named pipe that a background `cat` copies: a process that a step leaves behind may hold it open without
 * holding up the next step. The step itself runs in the foreground, where the shell leaves its signals alone.
 *
 * Tar moves 64 KiB at a time, not its usual 10: most of what a workspace costs are system calls and turns of two processes. Modes are only
 * put right where a step left one that would keep tar out, or hide that a file is executable: looking takes half as long.
 */
export const DRIVER = `
umask 022
steps_path=$PATH
PATH=/usr/bin:/bin
cd /workspace || exit 90
relay=$1 listeners=$2 count=$3
shift 3
[ -z "$relay" ] || PATH=$steps_path node -e "$relay" "$listeners" <&3 >&3 2>/dev/null 6>&- 7<&- 8<&- 9>&- &
exec 3<&-
pipes=
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  pipes="$pipes /run/step-$i"
done
[ "$count" -eq 0 ] || mkfifo -m 600 $pipes 6>&- 7<&- 8<&- 9>&- || exit 92
tar -x -p -b 128 -f - -C / --no-same-owner <&8 6>&- 7<&- 9>&- >&2
code=$?
exec 8<&-
echo "input $code" >&6
[ "$code" -eq 0 ] || exit 91
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  run=$1
  shift
  read -r verb words <&7 || exit 93
  [ "$verb" = run ] || break
  { cat <"/run/step-$i" 6>&-; echo "drained $i" >&6; } 7<&- 9>&- &
  echo "begin $i" >&6
  PATH=$steps_path /bin/sh -c "$run" </dev/null >"/run/step-$i" 2>&1 6>&- 7<&- 9>&-
  code=$?
  [ "$code" -eq 0 ] || echo space $(stat -f -c '%a %d' /workspace /tmp /home/sandbox /dev/shm 6>&- 7<&- 9>&-) >&6
  echo "end $i $code" >&6
  verb=
done
case $verb in
collect|keep) ;;
*) read -r verb words <&7 || exit 94 ;;
esac
kill -s KILL -- -1
odd=$(find /workspace \\( ! -type l ! -perm -u+r -o -type d ! -perm -u+x -o -type f -perm /go+x ! -perm -u+x \\) -print -quit 6>&- 7<&- 9>&- 2>&1 || echo odd)
[ -z "$odd" ] || chmod -R u+rwX /workspace 6>&- 7<&- 9>&- 2>/dev/null
code=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  [ "$#" -eq 0 ] || shift
done
cd / || exit 96
if [ "$verb" = keep ]; then
  chmod -R u+rwX /deps 6>&- 7<&- 9>&- 2>/dev/null
  set --
  for name in $words; do
    [ ! -e "$name" ] || set -- "$@" "$name"
  done
  [ "$#" -gt 0 ] || set -- --files-from /dev/null
  tar -c -b 128 -f - --hard-dereference "$@" >&9 6>&- 7<&- || code=$?
  echo "collected $code" >&6
  exit 0
fi
[ "$verb" = collect ] || exit 95
for name in "$@"; do
  shift
  [ ! -e "workspace/$name" ] || set -- "$@" "workspace/$name"
done
if [ "$#" -gt 0 ]; then
  tar -c -b 128 -f - --hard-dereference --no-recursion -- "$@" >&9 6>&- 7<&- || code=$?
fi
case $words in
changes*)
  excludes=
  for name in $words; do
    [ "$name" = changes ] || excludes="$excludes --exclude=$name"
  done
  tar -c -b 128 -f - --hard-dereference $excludes -C /workspace . >&9 6>&- 7<&- || code=$?
  ;;
esac
echo "collected $code" >&6
exit 0
`;
