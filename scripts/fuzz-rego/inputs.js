/**
 * Input number N of a run: the same for the same seed, number and texts at hand. `signatures` has the declared types of
 * the operands of the rules that documents are for.
 */
import { document, operands } from "./documents.js";
import { Random } from "./random.js";
import { mutated, rule } from "./texts.js";

/** How often each kind comes, in 100. */
const KINDS = [
  ["parse", 45],
  ["document", 33],
  ["json", 11],
  ["compile", 6],
  ["format", 2],
  ["query", 2],
  ["yaml", 1],
];

/** Texts to begin with: rules of the grammar, then pieces of modules. */
export function baseTexts(seed, pieces) {
  const random = new Random(seed, 0x7fffffff);
  const rules = Array.from({ length: 2000 }, () => rule(random));
  return [...rules, ...pieces];
}

export function makeInput(seed, number, texts, signatures) {
  const random = new Random(seed, number);
  const kind = kindOf(random.below(100));
  switch (kind) {
    case "document": {
      const rule = random.below(signatures.length);
      return { kind, rule, plain: random.once(2), document: operands(random, signatures[rule]) };
    }
    case "json":
    case "yaml":
      return { kind, text: mutated(document(random), random, texts) };
    case "query":
      return { kind, text: mutated(random.pick(texts).replace(/^[^{]*\{|\}[^}]*$/g, ""), random, texts) };
    default: {
      const version = random.once(3) ? "v0" : "v1";
      return { kind, version, text: moduleText(kind, random, texts), document: operands(random, []) };
    }
  }
}

function kindOf(percent) {
  let rest = percent;
  for (const [kind, share] of KINDS) {
    rest -= share;
    if (rest < 0) return kind;
  }
  return KINDS[0][0];
}

function moduleText(kind, random, texts) {
  let text = random.pick(texts);
  if (random.once(4)) text += `\n${random.pick(texts)}`;
  // Most modules to compile have to get past the parser.
  if (kind === "compile" && !random.once(3)) return `package t\n${text}\n`;
  return mutated(`package t\n${text}\n`, random, texts);
}
