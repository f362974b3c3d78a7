/* Attempts to get out of a sandbox, each harmless when it succeeds. Prints `open <name>` or `held <name> <errno>`, and `done <pid 1 checks>` at the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

static void say(const char *name, long result) {
  if (result >= 0) printf("open %s\n", name);
  else printf("held %s %d\n", name, errno);
}
static void raw(const char *name, long number, long a, long b, long c, long d, long e, long f) { say(name, syscall(number, a, b, c, d, e, f)); }
/* In a child, because it changes the process that does it. */
static void apart(const char *name, long (*what)(void)) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) { errno = 0; long result = what(); _exit(result >= 0 ? 0 : errno ? errno : 1); }
  int status = 0;
  waitpid(child, &status, 0);
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  say(name, errno == 0 ? 0 : -1);
}
static void opened(const char *name, const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC, 0600);
  say(name, fd);
  if (fd >= 0) close(fd);
}
static void made(const char *name, int family, int type, int protocol) {
  int fd = socket(family, type, protocol);
  say(name, fd);
  if (fd >= 0) close(fd);
}
static long userns(void) { return unshare(CLONE_NEWUSER); }
static long mountns(void) { return unshare(CLONE_NEWNS); }
static long netns(void) { return unshare(CLONE_NEWNET); }
static long pidns(void) { return unshare(CLONE_NEWPID); }
static long joinpid1(void) { int fd = open("/proc/1/ns/net", O_RDONLY); return fd < 0 ? -1 : setns(fd, 0); }
/* Where it works, nobody else sees it. */
static long tmpfs(void) {
  if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", 0, MS_REC | MS_PRIVATE, 0) < 0) return -1;
  return mount("none", "/tmp", "tmpfs", 0, 0);
}
static long root(void) { return chroot("."); }
/* Seizing does not stop it. */
static long seize(void) { return ptrace(PTRACE_SEIZE, getppid(), 0, 0); }
static long keyadd(void) { return syscall(SYS_add_key, "user", "suture-probe", "x", 1, -1); }
static long keysession(void) { return syscall(SYS_keyctl, 1, 0); }
static long setroot(void) { return setuid(0) == 0 && geteuid() == 0 && getppid() != 0 ? 0 : -1; }
static long randomize(void) { return syscall(SYS_personality, 0x0040000); }
static long handle(void) {
  char space[256]; int id; struct file_handle *h = (struct file_handle *)space; h->handle_bytes = 128;
  return name_to_handle_at(AT_FDCWD, ".", h, &id, 0);
}

int main(void) {
  apart("unshare-user", userns); apart("unshare-mount", mountns); apart("unshare-net", netns); apart("unshare-pid", pidns);
  apart("setns-pid1", joinpid1); apart("mount-tmpfs", tmpfs); apart("chroot", root);
  apart("ptrace-parent", seize);
  apart("keyring-add", keyadd); apart("keyring-session", keysession); apart("personality", randomize); apart("name-to-handle", handle);
  raw("clone3", 435, 0, 0, 0, 0, 0, 0);
  char parameters[128]; memset(parameters, 0, sizeof parameters);
  raw("io-uring", 425, 1, (long)parameters, 0, 0, 0, 0);
  raw("userfaultfd", SYS_userfaultfd, 1, 0, 0, 0, 0, 0);
  raw("bpf", SYS_bpf, 0, (long)parameters, 72, 0, 0, 0);
  raw("perf", SYS_perf_event_open, (long)parameters, 0, -1, -1, 0, 0);
  raw("syslog", SYS_syslog, 3, (long)parameters, 1, 0, 0, 0);
  raw("fsopen", 430, (long)"tmpfs", 0, 0, 0, 0, 0);
  raw("open-tree", 428, AT_FDCWD, (long)"/", 1, 0, 0, 0);
  raw("pidfd-getfd", 438, -1, 0, 0, 0, 0, 0);
  raw("kcmp", SYS_kcmp, getpid(), getpid(), 1, 0, 0, 0);
  raw("swapoff", SYS_swapoff, (long)"/nonexistent", 0, 0, 0, 0, 0);
  raw("quotactl", SYS_quotactl, 0x80000100, 0, 0, 0, 0, 0);
  raw("unvetted-call", 467, 0, 0, 0, 0, 0, 0);
  made("socket-unix", AF_UNIX, SOCK_STREAM, 0); made("socket-inet", AF_INET, SOCK_STREAM, 0);
  made("socket-vsock", 40, SOCK_STREAM, 0); made("socket-packet", 17, SOCK_RAW, 0); made("socket-xdp", 44, SOCK_RAW, 0);
  made("socket-raw", AF_INET, SOCK_RAW, 1); made("socket-alg", 38, SOCK_SEQPACKET, 0);
  made("socket-netlink-route", 16, SOCK_RAW, 0); made("socket-netlink-netfilter", 16, SOCK_RAW, 12); made("socket-netlink-audit", 16, SOCK_RAW, 9);
  opened("dev-mem", "/dev/mem", O_RDONLY); opened("dev-kmsg", "/dev/kmsg", O_RDONLY); opened("dev-kvm", "/dev/kvm", O_RDWR);
  opened("dev-fuse", "/dev/fuse", O_RDWR); opened("dev-tun", "/dev/net/tun", O_RDWR); opened("dev-disk", "/dev/vda", O_RDONLY);
  opened("core-pattern", "/proc/sys/kernel/core_pattern", O_WRONLY); opened("sysrq", "/proc/sysrq-trigger", O_WRONLY);
  opened("kcore", "/proc/kcore", O_RDONLY); opened("shadow", "/etc/shadow", O_RDONLY); opened("sys", "/sys/kernel", O_RDONLY | O_DIRECTORY);
  opened("pid1-mem", "/proc/1/mem", O_RDWR); opened("write-usr", "/usr/suture-probe", O_WRONLY | O_CREAT); unlink("/usr/suture-probe");
  opened("proc-self-mem", "/proc/self/mem", O_RDWR);
  opened("write-workspace", "suture-probe", O_WRONLY | O_CREAT); unlink("suture-probe");
  say("mknod", mknod("node", S_IFCHR | 0600, (1 << 8) | 3)); unlink("node");
  printf("done 4\n");
  return 0;
}
