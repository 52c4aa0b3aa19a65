/**
 * Files out of a `.tar.gz`. The archive may come from anywhere, so that everything beyond plain files and folders is
 * refused: links, devices, sparse files, paths that leave the bundle, names that come twice, sizes that do not add up.
 * The formats are ustar, pax (POSIX.1-2001 §pax: `path` and `size`) and GNU's long names.
 */
import { gunzipSync } from "node:zlib";
import { bundleError } from "./problem.js";

export interface BundleFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface ArchiveLimits {
  /** Bytes of all files together, unpacked. */
  readonly bytes: number;
  readonly files: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = { bytes: 256 * 1024 * 1024, files: 50_000 };

const BLOCK = 512;
/** Name, checksum and type in a header (POSIX ustar). */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const MAGIC = [257, 5] as const;
const PREFIX = [345, 155] as const;
/** A header of pax or a long name of GNU is read whole; no real one comes near. */
const MAX_EXTENSION = 64 * 1024;

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** What extension entries say about the entry that follows them. */
interface Extension {
  path?: string;
  size?: number;
}

/**
 * Unpacks an archive in memory.
 * @param name stands in messages
 * @throws RegoError for what is no such archive, what is hostile, and what exceeds `limits`
 */
export function readArchive(bytes: Uint8Array, name: string, limits: ArchiveLimits = ARCHIVE_LIMITS): BundleFile[] {
  const tar = unzip(bytes, name, limits);
  const files = new Map<string, BundleFile>();
  let extension: Extension = {};
  let at = 0;
  while (at + BLOCK <= tar.length) {
    const block = tar.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const { name: written, size: ownSize, type } = headerOf(block, name);
    const size = extension.size ?? ownSize;
    const start = at + BLOCK;
    if (size > tar.length - start) throw bundleError(name, `the archive ends inside \`${written}\``);
    const content = tar.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (isExtension(type)) {
      if (size > MAX_EXTENSION) throw bundleError(name, "an extended header is too long");
      extension = { ...extension, ...extensionOf(type, content, name) };
      continue;
    }
    const path = pathOf(extension.path ?? written, name);
    extension = {};
    if (type === "5") continue;
    if (type !== "0" && type !== "\0") {
      const kind = type === "1" || type === "2" ? "a link" : `an entry of type \`${printable(type)}\``;
      throw bundleError(name, `\`${path}\` is ${kind}`, "a bundle holds plain files only");
    }
    if (path === "") throw bundleError(name, "a file has no name");
    if (files.has(path)) throw bundleError(name, `\`${path}\` comes twice`);
    if (files.size >= limits.files) throw bundleError(name, `more than ${limits.files} files`);
    files.set(path, { path, bytes: content });
  }
  if (at < tar.length && at + BLOCK > tar.length) throw bundleError(name, "the archive ends inside a header");
  return [...files.values()];
}

function unzip(bytes: Uint8Array, name: string, limits: ArchiveLimits): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw bundleError(name, "this is no gzip archive", "a bundle is a `.tar.gz` or a folder");
  }
  // Headers and padding take at most three blocks a file beside its content.
  const maxOutputLength = limits.bytes + limits.files * BLOCK * 3;
  try {
    return gunzipSync(bytes, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw bundleError(name, `unpacked it is larger than ${limits.bytes} bytes`);
    }
    throw bundleError(name, "this is no whole gzip archive");
  }
}

function headerOf(block: Uint8Array, archive: string): Header {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) {
    const inChecksum = at >= CHECKSUM[0] && at < CHECKSUM[0] + CHECKSUM[1];
    sum += inChecksum ? 0x20 : (block[at] ?? 0);
  }
  if (octal(block, CHECKSUM) !== sum)
    throw bundleError(archive, "a header's checksum is wrong: this is no tar archive");
  const size = octal(block, SIZE);
  if (size === undefined) throw bundleError(archive, "a file's size is no number");
  const prefix = text(block, MAGIC) === "ustar" && block[MAGIC[0] + 5] === 0 ? text(block, PREFIX) : "";
  const own = text(block, NAME);
  return { name: prefix === "" ? own : `${prefix}/${own}`, size, type: String.fromCharCode(block[TYPE] ?? 0) };
}

function text(block: Uint8Array, [start, length]: readonly [number, number]): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString("utf8");
}

/** Octal digits, padded by blanks and zero bytes; undefined for anything else, GNU's binary sizes included. */
function octal(block: Uint8Array, field: readonly [number, number]): number | undefined {
  const digits = text(block, field).trim();
  return /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function isExtension(type: string): boolean {
  return type === "x" || type === "g" || type === "L" || type === "K";
}

function extensionOf(type: string, content: Uint8Array, archive: string): Extension {
  if (type === "g" || type === "K") return {};
  if (type === "L") return { path: Buffer.from(content).toString("utf8").replace(/\0+$/, "") };
  const found: Extension = {};
  let rest = Buffer.from(content);
  while (rest.length > 0) {
    const length = Number(/^([1-9][0-9]{0,6}) /.exec(rest.subarray(0, 9).toString("latin1"))?.[1]);
    const record = rest.subarray(0, length).toString("utf8");
    const [, key = "", value = ""] = /^[0-9]+ ([^=]+)=([\s\S]*)\n$/.exec(record) ?? [];
    if (!(length > 0) || length > rest.length || key === "")
      throw bundleError(archive, "an extended header is malformed");
    if (key === "path") found.path = value;
    if (key === "size") found.size = sizeOf(value, archive);
    if (key.startsWith("GNU.sparse")) throw bundleError(archive, "a file is sparse", "a bundle holds plain files only");
    rest = rest.subarray(length);
  }
  return found;
}

function sizeOf(value: string, archive: string): number {
  if (!/^[0-9]{1,12}$/.test(value)) throw bundleError(archive, "a file's size is no number");
  return Number(value);
}

/** The path inside the bundle; a leading `/` means its root, as OPA writes it. */
function pathOf(written: string, archive: string): string {
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  const hostile = parts.includes("..") || /[\0\\]/.test(written) || written.includes("\ufffd");
  if (hostile) throw bundleError(archive, `the path \`${printable(written)}\` leaves the bundle or is no plain path`);
  return parts.join("/");
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 120)).slice(1, -1);
}
