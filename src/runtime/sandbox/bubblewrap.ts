/**
 * The command line that closes a workload in. What is visible is listed, everything else is absent: a read-only system,
 * the workflow's own folder without what is hidden in it, a few generated files of /etc, and one folder to write to. All
 * namespaces are new, so that another workload's sockets, files, signals and shared memory have no name in there, and no
 * further user namespace can be made to get capabilities back.
 */
import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";

export interface Enclosure {
  readonly bwrap: string;
  /** the workload's name, which becomes the host name */
  readonly name: string;
  /** where the workflow file is; visible read-only, without its hidden entries */
  readonly folder: string;
  /** the one folder that the workload may write to; visible as /data */
  readonly data: string;
  /** generated files, visible under the names they have in /etc */
  readonly etc: Readonly<Record<string, string>>;
  /** secrets of this workload alone: file to name in /run/secrets */
  readonly secrets: Readonly<Record<string, string>>;
  /** folders and files of others that may lie in `folder`, absolute: covered */
  readonly hidden: readonly string[];
  /** the program of inside.ts */
  readonly inside: string;
}

/** Parts of the system that programs need to run; what is not there is left out. */
const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
const SYSTEM_ETC = [
  "/etc/alternatives",
  "/etc/ca-certificates",
  "/etc/fonts",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/localtime",
  "/etc/mime.types",
  "/etc/pki",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
];

/** Where the sandbox finds the filter of system calls among its open files. */
export const SECCOMP_DESCRIPTOR = 4;
/** More of them is no folder of a workflow, and each is a mount of its own. */
const MAX_HIDDEN = 500;

export const INSIDE_PATH = "/run/ringfence/inside.mjs";
export const DATA_PATH = "/data";
export const SECRETS_PATH = "/run/secrets";

/**
 * Arguments for bubblewrap, up to and without the command.
 * @param isFiltered whether the filter of system calls is open as {@link SECCOMP_DESCRIPTOR}
 * @throws when the folder cannot be shown without what is hidden in it
 */
export function bubblewrapArguments(enclosure: Enclosure, isFiltered: boolean): string[] {
  const { folder, data, etc, secrets, hidden, inside, name } = enclosure;
  const args = [
    ...(isFiltered ? ["--seccomp", String(SECCOMP_DESCRIPTOR)] : []),
    "--unshare-user",
    "--unshare-ipc",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--hostname",
    name,
    "--uid",
    "1000",
    "--gid",
    "1000",
  ];
  for (const path of SYSTEM) if (existsSync(path)) args.push(...systemPart(path));
  args.push("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/var/tmp");
  for (const path of SYSTEM_ETC) args.push("--ro-bind-try", path, path);
  for (const [target, source] of Object.entries(etc)) args.push("--ro-bind", source, join("/etc", target));
  const node = realpathSync(process.execPath);
  if (!node.startsWith(`/usr${sep}`)) args.push("--ro-bind", node, node);
  args.push(...workflowFolder(folder, hidden));
  args.push("--bind", data, DATA_PATH, "--ro-bind", inside, INSIDE_PATH);
  for (const [secret, source] of Object.entries(secrets)) args.push("--ro-bind", source, join(SECRETS_PATH, secret));
  args.push("--chdir", folder, "--remount-ro", "/");
  return args;
}

/** On a merged-/usr system /bin is a link; elsewhere it is a folder of its own. */
function systemPart(path: string): string[] {
  return lstatSync(path).isSymbolicLink()
    ? ["--symlink", realpathSync(path).slice(1), path]
    : ["--ro-bind", path, path];
}

/**
 * The folder, the packages that its programs import, and nothing hidden: what begins with a dot at any depth (the state
 * folder with everybody's data, version control, environment files) and what belongs to others is covered.
 */
function workflowFolder(folder: string, others: readonly string[]): string[] {
  const args: string[] = [];
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    const packages = join(at, "node_modules");
    if (existsSync(packages)) args.push("--ro-bind", realpathSync(packages), packages);
  }
  args.push("--ro-bind", folder, folder);
  const own = join(folder, "node_modules");
  if (existsSync(own) && lstatSync(own).isSymbolicLink()) args.push("--ro-bind", realpathSync(own), realpathSync(own));
  const inside = others.filter((path) => path.startsWith(folder + sep) && existsSync(path));
  const covered = outermost([...hiddenIn(folder), ...inside]);
  // FAIL CLOSED: what is not covered would be readable by every workload.
  if (covered.length > MAX_HIDDEN) {
    throw new Error(`${folder} has more than ${MAX_HIDDEN} hidden entries; give the workflow a folder of its own`);
  }
  for (const path of covered) {
    if (lstatSync(path).isDirectory()) args.push("--tmpfs", path, "--remount-ro", path);
    else args.push("--ro-bind", "/dev/null", path);
  }
  return args;
}

/** Without what lies in another of them, which is gone with it. */
function outermost(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => {
    for (let at = dirname(path); at !== dirname(at); at = dirname(at)) if (all.has(at)) return false;
    return true;
  });
}

/** Files and folders whose names begin with a dot, outermost first. Links show what lies elsewhere, or nothing. */
function hiddenIn(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".")) {
      if (entry.isDirectory() || entry.isFile()) found.push(path);
    } else if (entry.isDirectory() && entry.name !== "node_modules") found.push(...hiddenIn(path));
    if (found.length > MAX_HIDDEN) break;
  }
  return found;
}
