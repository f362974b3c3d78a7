/**
 * The supervisor inside the sandbox: fixed text for `sh -c`; commands and artifact names come as arguments, never as program text.
 *
 * It runs from a copy of the shell that nobody may read, which makes it "non-dumpable": the kernel then keeps its memory and its open
 * descriptors from every other process of the same user, so a step cannot write to the status descriptor or change the verdict.
 * A step may still end it, which the host sees as an ended sandbox, never as success.
 *
 * Descriptors: 6 status lines out, 7 orders in, 8 the workspace as tar in, 9 collected files as tar out. Steps get none of them.
 * Status lines: `input <code>`, `begin <n>`, `space <free blocks> <free inodes>...`, `end <n> <code>`, `drained <n>`, `collected <code>`.
 * A step writes into a named pipe that a background `cat` copies: a process that a step leaves behind may hold it open without
 * holding up the next step. The step itself runs in the foreground, where the shell leaves its signals alone.
 */
export const DRIVER = `
umask 022
steps_path=$PATH
PATH=/usr/bin:/bin
cd /workspace || exit 90
count=$1
shift
tar -x -p -f - --no-same-owner <&8 6>&- 7<&- 9>&- >&2
code=$?
exec 8<&-
echo "input $code" >&6
[ "$code" -eq 0 ] || exit 91
pipes=
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  pipes="$pipes /run/step-$i"
done
[ "$count" -eq 0 ] || mkfifo -m 600 $pipes 6>&- 7<&- 9>&- || exit 92
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
[ "$verb" = collect ] || read -r verb words <&7 || exit 94
[ "$verb" = collect ] || exit 95
kill -s KILL -- -1
chmod -R u+rwX /workspace 6>&- 7<&- 9>&- 2>/dev/null
code=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  [ "$#" -eq 0 ] || shift
done
cd / || exit 96
for name in "$@"; do
  shift
  [ ! -e "workspace/$name" ] || set -- "$@" "workspace/$name"
done
if [ "$#" -gt 0 ]; then
  tar -c -f - --hard-dereference --no-recursion -- "$@" >&9 6>&- 7<&- || code=$?
fi
case $words in
changes*)
  excludes=
  for name in $words; do
    [ "$name" = changes ] || excludes="$excludes --exclude=$name"
  done
  tar -c -f - --hard-dereference $excludes -C /workspace . >&9 6>&- 7<&- || code=$?
  ;;
esac
echo "collected $code" >&6
exit 0
`;
