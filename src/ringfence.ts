/** The verbs: the one place where the stages are wired together. A stage itself never knows the next one. */
import { dirname, join } from "node:path";
import { RingfenceError } from "./diagnostics/index.js";
import { globFiles, readSource } from "./files/index.js";
import { derive, type Policy } from "./policy/index.js";
import { loadWorkflow } from "./workflow/index.js";

/**
 * Reads a workflow file and the Rego files that it names.
 * @param path the file; `-` is standard input, whose `policies` are looked for in the working folder
 * @throws RingfenceError with every problem of the file
 */
export function openPolicy(path: string): Policy {
  const workflow = loadWorkflow(readSource(path));
  const folder = path === "-" ? "." : dirname(path);
  for (const pattern of workflow.policies) {
    if (globFiles(folder, [pattern]).length > 0) continue;
    throw new RingfenceError({
      code: "FILE_NOT_FOUND",
      message: `\`policies\` names \`${pattern}\`, and no file below \`${folder}\` matches`,
      hint: "a policy that is meant to narrow must be there: correct the pattern or leave it out",
      span: workflow.span,
    });
  }
  const modules = globFiles(folder, workflow.policies).map((file) => ({
    path: file,
    text: readSource(join(folder, file)).text,
  }));
  return derive(workflow, modules);
}
