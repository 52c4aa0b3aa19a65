/**
 * The system calls that a workload may make, as a program that the kernel runs before each of them (seccomp(2), classic
 * BPF). What runs in a sandbox needs no way to mount, to trace, to load code into the kernel or to talk to it through
 * interfaces that every year bring a way out of namespaces; calls that are newer than this list are unknown to the
 * kernel as far as the workload can tell.
 *
 * Refusals come as the errors that programs know how to go on from: `ENOSYS` where libraries try an older call next
 * (clone3, io_uring), `EPERM` elsewhere. A call of another architecture's numbering ends the process.
 */
import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Numbers of a system call, by Node's name of the architecture; where one has none, the call does not exist there. */
interface Numbers {
  readonly x64?: number;
  readonly arm64?: number;
}
type Architecture = keyof Numbers;

const AUDIT_ARCH: Readonly<Record<Architecture, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** The last call that was judged for this list (futex_requeue); whatever came later does not exist inside. */
const LAST_KNOWN = 456;

const REFUSED: Readonly<Record<string, Numbers>> = {
  // Key rings are not divided by namespaces.
  add_key: { x64: 248, arm64: 217 },
  request_key: { x64: 249, arm64: 218 },
  keyctl: { x64: 250, arm64: 219 },
  // Programs for the kernel, and its counters.
  bpf: { x64: 321, arm64: 280 },
  perf_event_open: { x64: 298, arm64: 241 },
  userfaultfd: { x64: 323, arm64: 282 },
  // Other processes from inside.
  ptrace: { x64: 101, arm64: 117 },
  process_vm_readv: { x64: 310, arm64: 270 },
  process_vm_writev: { x64: 311, arm64: 271 },
  process_madvise: { x64: 440, arm64: 440 },
  process_mrelease: { x64: 448, arm64: 448 },
  pidfd_getfd: { x64: 438, arm64: 438 },
  kcmp: { x64: 312, arm64: 272 },
  // File systems and namespaces.
  mount: { x64: 165, arm64: 40 },
  umount2: { x64: 166, arm64: 39 },
  pivot_root: { x64: 155, arm64: 41 },
  chroot: { x64: 161, arm64: 51 },
  open_tree: { x64: 428, arm64: 428 },
  move_mount: { x64: 429, arm64: 429 },
  fsopen: { x64: 430, arm64: 430 },
  fsconfig: { x64: 431, arm64: 431 },
  fsmount: { x64: 432, arm64: 432 },
  fspick: { x64: 433, arm64: 433 },
  mount_setattr: { x64: 442, arm64: 442 },
  unshare: { x64: 272, arm64: 97 },
  setns: { x64: 308, arm64: 268 },
  name_to_handle_at: { x64: 303, arm64: 264 },
  open_by_handle_at: { x64: 304, arm64: 265 },
  fanotify_init: { x64: 300, arm64: 262 },
  fanotify_mark: { x64: 301, arm64: 263 },
  quotactl: { x64: 179, arm64: 60 },
  quotactl_fd: { x64: 443, arm64: 443 },
  // The machine.
  create_module: { x64: 174 },
  init_module: { x64: 175, arm64: 105 },
  delete_module: { x64: 176, arm64: 106 },
  get_kernel_syms: { x64: 177 },
  query_module: { x64: 178 },
  finit_module: { x64: 313, arm64: 273 },
  kexec_load: { x64: 246, arm64: 104 },
  kexec_file_load: { x64: 320, arm64: 294 },
  reboot: { x64: 169, arm64: 142 },
  swapon: { x64: 167, arm64: 224 },
  swapoff: { x64: 168, arm64: 225 },
  acct: { x64: 163, arm64: 89 },
  syslog: { x64: 103, arm64: 116 },
  vhangup: { x64: 153, arm64: 58 },
  settimeofday: { x64: 164, arm64: 170 },
  clock_settime: { x64: 227, arm64: 112 },
  clock_adjtime: { x64: 305, arm64: 266 },
  adjtimex: { x64: 159, arm64: 171 },
  sethostname: { x64: 170, arm64: 161 },
  setdomainname: { x64: 171, arm64: 162 },
  iopl: { x64: 172 },
  ioperm: { x64: 173 },
  modify_ldt: { x64: 154 },
  // Where memory lies: of no use here, and a frequent way to bugs.
  mbind: { x64: 237, arm64: 235 },
  set_mempolicy: { x64: 238, arm64: 237 },
  migrate_pages: { x64: 256, arm64: 238 },
  move_pages: { x64: 279, arm64: 239 },
  set_mempolicy_home_node: { x64: 450, arm64: 450 },
  remap_file_pages: { x64: 216, arm64: 234 },
  vmsplice: { x64: 278, arm64: 75 },
  // Long superseded.
  nfsservctl: { x64: 180, arm64: 42 },
  lookup_dcookie: { x64: 212, arm64: 18 },
  uselib: { x64: 134 },
  ustat: { x64: 136 },
  sysfs: { x64: 139 },
  _sysctl: { x64: 156 },
};

/** Calls that libraries do without when they are told that there is no such thing. */
const ABSENT: Readonly<Record<string, Numbers>> = {
  // Its flags lie in memory, where this program cannot look: without it, threads are made by `clone`.
  clone3: { x64: 435, arm64: 435 },
  io_uring_setup: { x64: 425, arm64: 425 },
  io_uring_enter: { x64: 426, arm64: 426 },
  io_uring_register: { x64: 427, arm64: 427 },
};

const CLONE = { x64: 56, arm64: 220 };
const SOCKET = { x64: 41, arm64: 198 };
const IOCTL = { x64: 16, arm64: 29 };
const PERSONALITY = { x64: 135, arm64: 92 };

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
/** Putting characters into a terminal's input, and the console's own way of it. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** `struct sock_filter` (linux/filter.h): an operation, where to go on, a constant. */
interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly k: number;
}

const KILL = 0x80000000;
const ALLOW = 0x7fff0000;
const fail = (errno: number): number => 0x00050000 | errno;

/** Offsets in `struct seccomp_data` (linux/seccomp.h); arguments are 64 bits, low half first on both architectures. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

const load = (offset: number): Instruction => ({ code: 0x20, jumpTrue: 0, jumpFalse: 0, k: offset });
const and = (mask: number): Instruction => ({ code: 0x54, jumpTrue: 0, jumpFalse: 0, k: mask });
const answer = (action: number): Instruction => ({ code: 0x06, jumpTrue: 0, jumpFalse: 0, k: action });
/** The next `length` instructions run only if what is loaded has the relation to `k`. */
const ifEqual = (k: number, then: readonly Instruction[]) => [jump(0x15, k, 0, then.length), ...then];
const unlessEqual = (k: number, then: readonly Instruction[]) => [jump(0x15, k, then.length, 0), ...then];
const ifAbove = (k: number, then: readonly Instruction[]) => [jump(0x25, k, 0, then.length), ...then];
const ifAnyOf = (mask: number, then: readonly Instruction[]) => [jump(0x45, mask, 0, then.length), ...then];

function jump(code: number, k: number, jumpTrue: number, jumpFalse: number): Instruction {
  if (jumpTrue > 255 || jumpFalse > 255) throw new Error("a jump of the filter is too far");
  return { code, jumpTrue, jumpFalse, k };
}

/** Goes on with `else` unless what is loaded is one of the values, and then does `then`, which must end. */
function whenOneOf(values: readonly number[], then: readonly Instruction[]): Instruction[] {
  return values.flatMap((value) => ifEqual(value, then));
}

const allow = [answer(ALLOW)];

/**
 * Sockets of the workload's own: local ones, TCP and UDP, and the question for its interfaces. Everything else is a
 * protocol of the kernel's that only an attacker would call up (AF_ALG, AF_PACKET, AF_VSOCK, SCTP …).
 */
const socketRule: readonly Instruction[] = [
  load(argument(0)),
  ...whenOneOf([1], allow),
  ...ifEqual(16, [load(argument(2)), ...ifEqual(0, allow), answer(fail(EAFNOSUPPORT))]),
  ...[2, 10].flatMap((family) =>
    ifEqual(family, [
      load(argument(1)),
      and(0xf),
      ...ifAbove(2, [answer(fail(EAFNOSUPPORT))]),
      load(argument(2)),
      ...whenOneOf([0, 6, 17], allow),
      answer(fail(EAFNOSUPPORT)),
    ]),
  ),
  answer(fail(EAFNOSUPPORT)),
];

const cloneRule: readonly Instruction[] = [
  load(argument(0)),
  ...ifAnyOf(NEW_NAMESPACES, [answer(fail(EPERM))]),
  ...allow,
];
const ioctlRule: readonly Instruction[] = [
  load(argument(1)),
  ...whenOneOf([TIOCSTI, TIOCLINUX], [answer(fail(EPERM))]),
  ...allow,
];
const personalityRule: readonly Instruction[] = [
  load(argument(0)),
  ...whenOneOf([0, 0xffffffff], allow),
  answer(fail(EPERM)),
];

/** The program for an architecture; undefined where its calls are not known here. */
export function seccompProgram(architecture: string): Buffer | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  const numbersOf = (calls: Readonly<Record<string, Numbers>>): number[] =>
    Object.values(calls).flatMap((numbers) => numbers[architecture] ?? []);
  const program = [
    load(ARCHITECTURE),
    ...unlessEqual(AUDIT_ARCH[architecture], [answer(KILL)]),
    load(NUMBER),
    // The 32-bit calls of x86-64 (x32) lie up there as well.
    ...ifAbove(LAST_KNOWN, [answer(fail(ENOSYS))]),
    ...whenOneOf(numbersOf(REFUSED), [answer(fail(EPERM))]),
    ...whenOneOf(numbersOf(ABSENT), [answer(fail(ENOSYS))]),
    ...ifEqual(SOCKET[architecture], socketRule),
    ...ifEqual(CLONE[architecture], cloneRule),
    ...ifEqual(IOCTL[architecture], ioctlRule),
    ...ifEqual(PERSONALITY[architecture], personalityRule),
    ...allow,
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jumpTrue, jumpFalse, k }] of program.entries()) {
    const at = index * 8;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jumpTrue, at + 2);
    bytes.writeUInt8(jumpFalse, at + 3);
    bytes.writeUInt32LE(k >>> 0, at + 4);
  }
  return bytes;
}

/**
 * Runs `use` with a descriptor from which a child process reads the program of this machine; undefined where there is
 * none. The file has no name any more when it is used.
 * @throws when it cannot be written
 */
export function withSeccompFile<T>(use: (descriptor: number | undefined) => T): T {
  const program = seccompProgram(process.arch);
  if (program === undefined) return use(undefined);
  const folder = mkdtempSync(join(tmpdir(), "ringfence-filter-"));
  const path = join(folder, "filter");
  let file: number;
  try {
    file = openSync(path, "wx+", 0o600);
    unlinkSync(path);
  } finally {
    rmdirSync(folder);
  }
  try {
    // At a place, not at the end: whoever reads begins where this descriptor stands.
    if (writeSync(file, program, 0, program.length, 0) !== program.length) throw new Error("the filter was cut short");
    return use(file);
  } finally {
    closeSync(file);
  }
}
