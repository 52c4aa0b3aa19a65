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

export const INSIDE_PATH = "/run/ringfence/inside.mjs";
export const DATA_PATH = "/data";
export const SECRETS_PATH = "/run/secrets";

/** Arguments for bubblewrap, up to and without the command. */
export function bubblewrapArguments(enclosure: Enclosure): string[] {
  const { folder, data, etc, secrets, inside, name } = enclosure;
  const args = [
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
  args.push(...workflowFolder(folder));
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
 * The folder, the packages that its programs import, and nothing hidden: what begins with a dot (the state folder with
 * everybody's data, version control, environment files) is covered.
 */
function workflowFolder(folder: string): string[] {
  const args: string[] = [];
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    const packages = join(at, "node_modules");
    if (existsSync(packages)) args.push("--ro-bind", realpathSync(packages), packages);
  }
  args.push("--ro-bind", folder, folder);
  const own = join(folder, "node_modules");
  if (existsSync(own) && lstatSync(own).isSymbolicLink()) args.push("--ro-bind", realpathSync(own), realpathSync(own));
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) args.push("--tmpfs", path, "--remount-ro", path);
    else if (entry.isFile()) args.push("--ro-bind", "/dev/null", path);
  }
  return args;
}
