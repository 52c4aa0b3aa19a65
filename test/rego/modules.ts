/** Every Rego module at hand: of the corpus (files, cases of OPA's suite, templates) and of our own targets. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { isObject, parse, type RegoVersion, readYaml, type Value } from "../../src/rego/index.js";
import { isArray, objectGet } from "../../src/rego/value/index.js";

export interface NamedModule {
  readonly name: string;
  readonly text: string;
  readonly version: RegoVersion;
}

const OWN = ["src/targets", "src/runtime", "bench"].map((name) => resolve(import.meta.dirname, "../..", name));

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !name.includes("node_modules"))
    .sort()
    .map((name) => join(folder, name));
}

/** Modules that parse in their version, each text once. */
export function modulesAtHand(corpus: string | undefined): NamedModule[] {
  const folders = [...OWN, ...(corpus === undefined ? [] : [join(corpus, "gatekeeper")])];
  const found = folders.flatMap((folder) =>
    filesBelow(folder, /\.rego$/).flatMap((name) => bothVersions(name, readFileSync(name, "utf8"))),
  );
  if (corpus !== undefined)
    found.push(...ofCases(join(corpus, "rego/cases")), ...ofTemplates(join(corpus, "gatekeeper")));
  const seen = new Set<string>();
  return found.filter(({ text, version }) => {
    const key = `${version} ${text}`;
    if (seen.has(key) || !parses(text, version)) return false;
    seen.add(key);
    return true;
  });
}

function bothVersions(name: string, text: string): NamedModule[] {
  return [
    { name, text, version: "v0" },
    { name, text, version: "v1" },
  ];
}

function parses(text: string, version: RegoVersion): boolean {
  try {
    parse(text, "module.rego", { version });
    return true;
  } catch {
    return false;
  }
}

function ofCases(folder: string): NamedModule[] {
  return (["v0", "v1"] as const).flatMap((version) =>
    filesBelow(join(folder, version), /\.ya?ml$/).flatMap((path) => {
      const cases = list(field(readYaml(readFileSync(path, "utf8")), "cases"));
      return cases.flatMap((one, at) =>
        list(field(one, "modules")).map((text) => ({ name: `${path}#${at}`, text: String(text), version })),
      );
    }),
  );
}

function field(value: Value | undefined, key: string): Value | undefined {
  return value !== undefined && isObject(value) ? objectGet(value, key) : undefined;
}

function list(value: Value | undefined): readonly Value[] {
  return value !== undefined && isArray(value) ? value : [];
}

interface Template {
  readonly kind?: string;
  readonly spec?: { readonly targets?: readonly { readonly rego?: string; readonly libs?: readonly string[] }[] };
}

function ofTemplates(folder: string): NamedModule[] {
  return filesBelow(folder, /template\.ya?ml$/).flatMap((name) =>
    parseAllDocuments(readFileSync(name, "utf8")).flatMap((document) => {
      const { kind, spec } = (document.toJS() ?? {}) as Template;
      if (kind !== "ConstraintTemplate") return [];
      return (spec?.targets ?? []).flatMap(({ rego, libs }) =>
        [rego, ...(libs ?? [])].flatMap((text) => (text === undefined ? [] : bothVersions(name, text))),
      );
    }),
  );
}
