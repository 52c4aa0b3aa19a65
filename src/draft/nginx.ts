/**
 * Which requests nginx passes on: the location around a `proxy_pass`. Only what is certain narrows a flow; a regular
 * expression, a rewrite or a variable means that any path may arrive.
 */
import type { DraftOperation } from "./flow-book.js";
import type { Reference } from "./references.js";

/** The text is read once for each pass in it; a longer one is left to its reader. */
const LONGEST = 100_000;

interface Block {
  readonly opening: string;
  rewrites: boolean;
}

/**
 * The requests that the pass on a line (0-based) lets through; undefined: every request, or not told.
 * @param text an nginx configuration; other texts give undefined
 */
export function passedOperations(
  text: string,
  { line, written }: Pick<Reference, "line" | "written">,
): readonly DraftOperation[] | undefined {
  const pass = /^\s*(?:location\s[^{]*\{\s*)?proxy_pass\s+[a-z]+:\/\/[^/\s;$]+(\/[^\s;]*)?\s*;/.exec(written);
  if (pass === null || text.length > LONGEST) return undefined;
  const block = blockAt(text.split("\n"), line);
  const [, modifier = "", prefix] = /^location\s+(=|\^~|~\*?)?\s*(\/[^\s{]*)\s*$/.exec(block?.opening ?? "") ?? [];
  if (block === undefined || prefix === undefined || block.rewrites || modifier.startsWith("~")) return undefined;
  const target = pass[1];
  if (target?.includes("$") === true) return undefined;
  // With a path of its own, the pass puts that in the place of the location's.
  const path = target ?? prefix;
  if (modifier === "=") return [{ paths: [path] }];
  const plain = path.replace(/\/+$/, "");
  return plain === "" ? undefined : [{ paths: [plain, `${plain}/**`] }];
}

/** The innermost block around a line, and whether anything in it rewrites the path. */
function blockAt(lines: readonly string[], line: number): Block | undefined {
  const open: Block[] = [];
  let found: Block | undefined;
  for (const [index, written] of lines.entries()) {
    const directives = written.replace(/#.*$/, "");
    for (const part of directives.split(/(?<=[{};])/)) {
      if (index === line && /proxy_pass/.test(part)) found = open.at(-1);
      const block = open.at(-1);
      if (block !== undefined && /^\s*rewrite\s/.test(part)) block.rewrites = true;
      if (part.endsWith("{")) open.push({ opening: part.slice(0, -1).trim(), rewrites: false });
      else if (part.endsWith("}") && open.pop() === found && found !== undefined) return found;
    }
  }
  return undefined;
}
