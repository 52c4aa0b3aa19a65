/**
 * The secret that opens a sealed authority key. It stands outside the state folder, so that whoever comes by a copy of
 * that folder (a backup, an archive of the project) has no key.
 */
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";

const SECRET_BYTES = 32;

/**
 * The secret of this user: `RINGFENCE_AUTHORITY_SECRET`, or a file in their configuration folder that is made on first
 * use.
 * @throws IDENTITY_AUTHORITY when the file is damaged or open to others; FILE_UNWRITABLE
 */
export function authoritySecret(environment: NodeJS.ProcessEnv = process.env): Uint8Array {
  const given = environment.RINGFENCE_AUTHORITY_SECRET;
  if (given !== undefined && given !== "") return Buffer.from(given, "utf8");
  const path = authoritySecretPath(environment);
  const folder = dirname(path);
  const known = readSecret(path);
  if (known !== undefined) return known;
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, randomBytes(SECRET_BYTES), { flag: "wx", mode: 0o600 });
    // Of several that start at once, one gives the file its name and all read that one.
    linkSync(draft, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new RingfenceError(
        {
          code: "FILE_UNWRITABLE",
          message: `cannot write \`${path}\``,
          hint: "set RINGFENCE_AUTHORITY_SECRET, or XDG_CONFIG_HOME to a folder of yours",
        },
        { cause },
      );
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecret(path) ?? unusable(path, "it cannot be read");
}

/** Where this user's secret stands. */
export function authoritySecretPath(environment: NodeJS.ProcessEnv = process.env): string {
  const configuration = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), ".config");
  return join(configuration, "ringfence", "authority.key");
}

function readSecret(path: string): Uint8Array | undefined {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return undefined;
  if ((facts.mode & 0o077) !== 0) return unusable(path, "others can read it", `chmod 600 ${path}`);
  const secret = readFileSync(path);
  return secret.length === SECRET_BYTES ? secret : unusable(path, "it has another length");
}

function unusable(path: string, reason: string, hint?: string): never {
  throw new RingfenceError({
    code: "IDENTITY_AUTHORITY",
    message: `the secret \`${path}\` cannot be used: ${reason}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
