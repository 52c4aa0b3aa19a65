/** Bundles from the disk: archives and folders, verified when they are signed. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { RingfenceError, type Source } from "../../../diagnostics/index.js";
import {
  ARCHIVE_LIMITS,
  type Bundle,
  type BundleFile,
  mergeBundles,
  type RegoVersion,
  readArchive,
  readBundle,
  type Verification,
} from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import type { Loaded } from "./load.js";

export interface VerifyOptions {
  readonly verificationKey?: string;
  readonly verificationKeyId?: string;
  readonly signingAlg?: string;
  readonly scope?: string;
  readonly excludeFilesVerify?: readonly string[];
  readonly skipVerify?: true;
}

/** The options that every command with bundles has. */
export function verifyOptions(command: Command): Command {
  return command
    .option("--verification-key <key>", "verify signed bundles: the path of a PEM public key, or the secret of HS256 …")
    .option("--verification-key-id <id>", "the name of the key")
    .option("--signing-alg <name>", "the algorithm of the signature (RS256)")
    .option("--scope <text>", "the scope that bundles are signed for")
    .option("--exclude-files-verify <paths...>", "files of bundles that need not be signed")
    .option("--skip-verify", "take signed bundles unverified");
}

/** @throws RingfenceError naming the bundle and what is wrong in it */
export function loadBundles(paths: readonly string[], version: RegoVersion, options: VerifyOptions): Loaded {
  const verification = verificationOf(options);
  try {
    const bundles = paths.map((path): Bundle => {
      const isFolder = statAt(path).isDirectory();
      return readBundle(isFolder ? filesOf(path) : readArchive(bytesAt(path), path), {
        name: path.replace(/\/+$/, ""),
        version,
        skipVerification: options.skipVerify === true,
        ...(verification === undefined ? {} : { verification }),
      });
    });
    const { modules, data } = mergeBundles(bundles);
    const sources = modules.map(({ file, text }): Source => ({ path: file, text }));
    return { modules, data: { ...data }, sources };
  } catch (error) {
    throw new RingfenceError(regoProblems(error, [], "REGO_INVALID"));
  }
}

function verificationOf(options: VerifyOptions): Verification | undefined {
  const { verificationKey, verificationKeyId, signingAlg = "RS256", scope, excludeFilesVerify } = options;
  if (verificationKey === undefined) return undefined;
  return {
    key: signingAlg.startsWith("HS") ? verificationKey : bytesAt(verificationKey).toString("utf8"),
    algorithm: signingAlg,
    ...(verificationKeyId === undefined ? {} : { keyId: verificationKeyId }),
    ...(scope === undefined ? {} : { scope }),
    ...(excludeFilesVerify === undefined ? {} : { exclude: excludeFilesVerify }),
  };
}

/** Every file below a folder; links are not followed. */
function filesOf(folder: string): BundleFile[] {
  const files: BundleFile[] = [];
  let total = 0;
  const visit = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      if (!entry.isFile()) continue;
      total += statAt(join(folder, path)).size;
      if (files.length >= ARCHIVE_LIMITS.files || total > ARCHIVE_LIMITS.bytes) {
        const message = `\`${folder}\` holds more than ${ARCHIVE_LIMITS.files} files or ${ARCHIVE_LIMITS.bytes} bytes`;
        throw new RingfenceError({ code: "REGO_INVALID", message });
      }
      files.push({ path, bytes: bytesAt(join(folder, path)) });
    }
  };
  visit("");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function statAt(path: string) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new RingfenceError({ code: "FILE_NOT_FOUND", message: `there is no bundle \`${path}\`` });
  return found;
}

function bytesAt(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new RingfenceError({ code: "FILE_UNREADABLE", message: `\`${path}\` cannot be read` }, { cause });
  }
}
