/** Hashes and HMACs, as lower-case hex. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Value } from "../value/index.js";
import { type Builtin, builtin } from "./builtin.js";
import { bytesOfText } from "./bytes.js";
import { stringAt } from "./operands.js";

const hash = (name: string): Builtin =>
  builtin(`crypto.${name}`, ["string"], "string", (args, context) => {
    const bytes = bytesOfText(stringAt(args, 0));
    context.spend(1 + (bytes.length >>> 6));
    return createHash(name).update(bytes).digest("hex");
  });

const hmac = (name: string): Builtin =>
  builtin(`crypto.hmac.${name}`, ["string", "string"], "string", (args, context) => {
    const bytes = bytesOfText(stringAt(args, 0));
    context.spend(1 + (bytes.length >>> 6));
    return createHmac(name, bytesOfText(stringAt(args, 1)))
      .update(bytes)
      .digest("hex");
  });

function equalMacs(args: readonly Value[]): Value {
  const a = bytesOfText(stringAt(args, 0));
  const b = bytesOfText(stringAt(args, 1));
  return a.length === b.length && timingSafeEqual(a, b);
}

export const HASHES: readonly Builtin[] = [
  hash("md5"),
  hash("sha1"),
  hash("sha256"),
  hmac("md5"),
  hmac("sha1"),
  hmac("sha256"),
  hmac("sha512"),
  builtin("crypto.hmac.equal", ["string", "string"], "boolean", equalMacs),
];
