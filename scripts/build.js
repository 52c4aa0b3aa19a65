// Compiles src/ to dist/ from nothing, so that no deleted module lives on in the package, and writes the JSON Schema.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(dirname(typescript), "bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

for (const folder of ["targets/opa/rego", "targets/gatekeeper/rego"]) {
  cpSync(join(root, "src", folder), join(root, "dist", folder), { recursive: true });
}

const { workflowJsonSchema } = await import(pathToFileURL(join(root, "dist/workflow/index.js")).href);
mkdirSync(join(root, "schema"), { recursive: true });
writeFileSync(join(root, "schema/ringfence.schema.json"), `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`);
