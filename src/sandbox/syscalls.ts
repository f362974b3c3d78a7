/** Processor architectures with a vetted system call table. */
export type Arch = 'x64' | 'arm64';

/** Facts of one architecture; numbers from the kernel's `unistd_64.h` (x64) and `asm-generic/unistd.h` (arm64). */
export interface ArchFacts {
  /** `AUDIT_ARCH_*` value of `seccomp_data.arch`. */
  readonly auditArch: number;
  /** Set in the number by the x32 ABI; 0 where there is none. */
  readonly foreignBit: number;
  readonly clone: number;
  readonly clone3: number;
  readonly socket: number;
  readonly ioctl: number;
  readonly personality: number;
}

/** The calls whose arguments decide, per architecture. */
export const ARCHS: Readonly<Record<Arch, ArchFacts>> = {
  x64: { auditArch: 0xc000003e, foreignBit: 0x40000000, clone: 56, clone3: 435, socket: 41, ioctl: 16, personality: 135 },
  arm64: { auditArch: 0xc00000b7, foreignBit: 0, clone: 220, clone3: 435, socket: 198, ioctl: 29, personality: 92 },
};

/** `mseal` (Linux 6.10) is the newest call that was looked at; everything above answers ENOSYS until somebody vets it. */
export const NEWEST_VETTED = 462;

/** Calls that no test suite needs and that reach kernel parts outside the sandbox: name -> [x64, arm64], null where absent. */
export const DENIED: Readonly<Record<string, readonly [number | null, number | null]>> = {
  // Looking into, or steering, other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // Mounts and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  statmount: [457, 457],
  listmount: [458, 458],
  unshare: [272, 97],
  setns: [308, 268],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  // Kernel parts with a long record of holes.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  fanotify_init: [300, 262],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  // The key ring is not namespaced: it would show the service's own session keys.
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  // Files by handle leave the mount namespace.
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // The machine itself.
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  create_module: [174, null],
  query_module: [178, null],
  get_kernel_syms: [177, null],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  vhangup: [153, 58],
  ioperm: [173, null],
  iopl: [172, null],
  modify_ldt: [154, null],
  uselib: [134, null],
  ustat: [136, null],
  sysfs: [139, null],
  _sysctl: [156, null],
  // Clocks.
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  settimeofday: [164, 170],
  // Memory placement.
  move_pages: [279, 239],
  migrate_pages: [256, 238],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  get_mempolicy: [239, 236],
  set_mempolicy_home_node: [450, 450],
};
