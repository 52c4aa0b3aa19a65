/** The verbs: the one place where the stages are wired together. A stage itself never knows the next one. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RingfenceError } from "./diagnostics/index.js";
import { globFiles, readSource } from "./files/index.js";
import { derive, type Policy } from "./policy/index.js";
import {
  authoritySecret,
  authoritySecretPath,
  StateFolder,
  Supervisor,
  type SupervisorOptions,
} from "./runtime/index.js";
import { authorizationBundle } from "./targets/index.js";
import { loadWorkflow } from "./workflow/index.js";

/**
 * Reads a workflow file and the Rego files that it names.
 * @param path the file; `-` is standard input, whose `policies` are looked for in the working folder
 * @throws RingfenceError with every problem of the file
 */
export function openPolicy(path: string): Policy {
  const workflow = loadWorkflow(readSource(path));
  const folder = path === "-" ? "." : dirname(path);
  const missing = workflow.policies.filter(({ pattern }) => globFiles(folder, [pattern]).length === 0);
  if (missing.length > 0) {
    throw new RingfenceError(
      missing.map(({ pattern, span }) => ({
        code: "FILE_NOT_FOUND",
        message: `no file below \`${folder}\` matches \`${pattern}\``,
        hint: "a policy that is meant to narrow must be there: correct the pattern or leave it out",
        span,
      })),
    );
  }
  const patterns = workflow.policies.map(({ pattern }) => pattern);
  const modules = globFiles(folder, patterns).map((file) => ({
    path: file,
    text: readSource(join(folder, file)).text,
  }));
  return derive(workflow, modules);
}

/** Where a workflow keeps its state on this machine: beside its file, unless another folder is named. */
export function stateOf(path: string, workflow: string, folder?: string): StateFolder {
  return new StateFolder(resolve(folder ?? join(folderOf(path), ".ringfence", workflow)), workflow);
}

export type RunOptions = Pick<
  SupervisorOptions,
  "issuers" | "opa" | "standIns" | "secretsFolder" | "limits" | "isolation" | "svidSeconds" | "note"
> & { readonly stateFolder?: string };

/**
 * Runs the workflow of a file on this machine, with the very bundle that `compile` writes for a cluster.
 * @throws RingfenceError for a file that is wrong, a workload that cannot be started here, a workflow that runs already
 */
export async function runWorkflow(path: string, { stateFolder, ...options }: RunOptions): Promise<Supervisor> {
  const policy = openPolicy(path);
  return Supervisor.start({
    ...options,
    policy,
    bundle: authorizationBundle(policy),
    folder: folderOf(path),
    state: stateOf(path, policy.workflow, stateFolder),
    secret: authoritySecret(),
    hidden: [authoritySecretPath()],
  });
}

/** Applies the file as it is now to a running workflow. */
export async function reapplyWorkflow(path: string, supervisor: Supervisor): Promise<void> {
  const policy = openPolicy(path);
  await supervisor.apply(policy, authorizationBundle(policy));
}

function folderOf(path: string): string {
  const folder = path === "-" ? "." : dirname(path);
  return existsSync(folder) ? realpathSync(folder) : folder;
}
