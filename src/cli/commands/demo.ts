import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RingfenceError } from "../../diagnostics/index.js";
import { standInCertificate } from "../../identity/index.js";
import { openPolicy, runWorkflow } from "../../ringfence.js";
import { detectIsolation, type Supervisor } from "../../runtime/index.js";
import { type Cli, type DeclareCommand, examples } from "../command.js";

/** One thing that the demonstration tries, and how it must end. */
interface Attempt {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly isRight: boolean;
}

const EXAMPLE = fileURLToPath(new URL("../../../examples/claims-triage/", import.meta.url));
const STARTED_MS = 20_000;
const CLAIM = {
  text: "A fire in the kitchen of Mr. Adam Miller (adam.miller@example.com, +49 170 1234567). His wife is in hospital; the damage is about $12,000.",
  address: "Mr. Adam Miller, Harbour Street 5, Hamburg",
};

export const demo: DeclareCommand = (program, cli) => {
  program
    .command("demo")
    .description("run the example workflow here: every declared flow works, every other is refused")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["demo", "takes about half a minute; nothing is left behind"]))
    .action(async ({ json }: { json?: true }) => {
      const file = join(EXAMPLE, "ringfence.yaml");
      if (!existsSync(file)) {
        throw new RingfenceError({
          code: "FILE_NOT_FOUND",
          message: "the example workflow is not part of this installation",
          hint: "run the demonstration from a clone of the repository",
        });
      }
      const folder = mkdtempSync(join(tmpdir(), "ringfence-demo-"));
      const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
      const end = async (): Promise<void> => {
        for (const close of closers.splice(0).reverse()) await close();
      };
      const interrupted = (): void => void end().then(() => process.exit(130));
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupted);
      try {
        await demonstrate(cli, file, folder, closers, json === true);
      } finally {
        await end();
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, interrupted);
      }
    });
};

async function demonstrate(
  cli: Cli,
  file: string,
  folder: string,
  closers: (() => unknown)[],
  json: boolean,
): Promise<void> {
  const isolation = detectIsolation();
  if (isolation.kind === "advisory") {
    cli.terminal.note(`advisory: workloads run WITHOUT isolation here: ${isolation.reason}`);
  }
  cli.terminal.step("starting a stand-in for the geocoder outside");
  const standIn = await startStandIn(folder);
  closers.push(() => standIn.child.kill("SIGKILL"));
  cli.terminal.step("starting the workflow");
  const supervisor = await runWorkflow(file, {
    issuers: "development",
    isolation,
    stateFolder: join(folder, "state"),
    standIns: { geocoder: { host: "127.0.0.1", port: standIn.port, ca: standIn.authority } },
  });
  closers.push(() => supervisor.stop());
  await supervisor.ready();
  cli.terminal.step("trying what is declared, and what is not");
  const declared = await tryDeclared(supervisor);
  const undeclared = await tryUndeclared(supervisor, openPolicy(file));
  const all = [...declared, ...undeclared];
  const isRight = all.every((attempt) => attempt.isRight);
  if (json) cli.terminal.json({ isolation, attempts: all, passed: isRight });
  else cli.terminal.result(render(cli, isolation.kind, declared, undeclared));
  if (!isRight) cli.exit(1);
}

interface StandIn {
  readonly child: ChildProcess;
  readonly port: number;
  readonly authority: string;
}

async function startStandIn(folder: string): Promise<StandIn> {
  const { authority, certificate, key } = standInCertificate("api.geocoder.example");
  const [certificatePath, keyPath] = [join(folder, "geocoder.pem"), join(folder, "geocoder.key")];
  writeFileSync(certificatePath, certificate, { mode: 0o600 });
  writeFileSync(keyPath, key, { mode: 0o600 });
  const child = spawn(process.execPath, [join(EXAMPLE, "services/geocoder-stand-in.mjs")], {
    env: { TLS_CERTIFICATE: certificatePath, TLS_KEY: keyPath },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    const failed = (): void =>
      reject(new RingfenceError({ code: "RUNTIME_NOT_READY", message: "the stand-in for the geocoder did not start" }));
    const timer = setTimeout(failed, STARTED_MS);
    child.once("exit", failed);
    child.stdout.on("data", (chunk: Buffer) => {
      const found = /listening on (\d+)/.exec(chunk.toString())?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      child.removeListener("exit", failed);
      resolve(Number(found));
    });
  });
  return { child, port, authority };
}

async function tryDeclared(supervisor: Supervisor): Promise<Attempt[]> {
  const edge = supervisor.status().workloads.flatMap(({ edges }) => edges)[0] ?? "";
  const adjuster = await supervisor.token({ roles: ["adjuster"], subject: "ada" });
  const auditor = await supervisor.token({ roles: ["auditor"], subject: "otto" });
  const stranger = await supervisor.token({ roles: ["intern"], subject: "ian" });
  const ask = (method: string, path: string, token: string | undefined, body?: unknown) =>
    call(supervisor, `${edge}${path}`, method, token, body);
  const posted = await ask("POST", "/v1/claims", adjuster, CLAIM);
  const { id, prediction } = JSON.parse(posted.body || "{}") as { id?: string; prediction?: { urgency?: string } };
  const read = await ask("GET", `/v1/claims/${id}`, auditor);
  const outcomes: [string, string, string][] = [
    ["an adjuster posts a claim", "201", String(posted.status)],
    ["the model finds it urgent", "high", String(prediction?.urgency)],
    ["an auditor reads the kept prediction", "200", String(read.status)],
    ["an auditor posts a claim", "403", String((await ask("POST", "/v1/claims", auditor, CLAIM)).status)],
    ["an intern reads it", "403", String((await ask("GET", `/v1/claims/${id}`, stranger)).status)],
    ["nobody reads it", "403", String((await ask("GET", `/v1/claims/${id}`, undefined)).status)],
    ["a forged token reads it", "401", String((await ask("GET", `/v1/claims/${id}`, forge(auditor))).status)],
    ["an adjuster deletes it", "403", String((await ask("DELETE", `/v1/claims/${id}`, adjuster)).status)],
    [
      "an adjuster walks around in paths",
      "400",
      String((await ask("GET", "/v1/claims/%2e%2e/admin", adjuster)).status),
    ],
  ];
  return outcomes.map(([what, wanted, got]) => ({ what, wanted, got, isRight: wanted === got }));
}

async function tryUndeclared(supervisor: Supervisor, policy: ReturnType<typeof openPolicy>): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const { name: from } of policy.workloads) {
    for (const { name: to } of policy.workloads) {
      if (from === to) continue;
      for (const { port, reached, answer } of await supervisor.probe(from, to)) {
        const isDeclared = policy.rules.some(
          (rule) => rule.from.name === from && rule.to.name === to && rule.port.port === port,
        );
        if (isDeclared) continue;
        attempts.push({ what: `${from} → ${to}:${port}`, wanted: "refused", got: answer, isRight: !reached });
      }
    }
  }
  return attempts;
}

/** The same token with other roles: what somebody writes who does not have the key. */
function forge(token: string): string {
  const [header = "", claims = "", signature = ""] = token.split(".");
  const changed = JSON.parse(Buffer.from(claims, "base64url").toString());
  changed.realm_access = { roles: ["adjuster", "auditor"] };
  return `${header}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${signature}`;
}

function call(
  supervisor: Supervisor,
  url: string,
  method: string,
  token: string | undefined,
  body: unknown,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        ca: supervisor.authorities(),
        agent: false,
        timeout: STARTED_MS,
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
    outgoing.on("error", reject);
    // A path is sent as it is written: this is about what the proxy does with it.
    outgoing.path = url.replace(/^https:\/\/[^/]+/, "");
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function render(cli: Cli, isolation: string, declared: readonly Attempt[], undeclared: readonly Attempt[]): string {
  const { palette } = cli.terminal;
  const width = Math.max(...[...declared, ...undeclared].map(({ what }) => what.length));
  const line = ({ what, wanted, got, isRight }: Attempt): string =>
    `  ${isRight ? "✓" : palette.red("✗")} ${what.padEnd(width)}  ${got}${isRight ? "" : palette.red(` (wanted ${wanted})`)}`;
  const wrong = [...declared, ...undeclared].filter(({ isRight }) => !isRight).length;
  return [
    palette.bold("What the workflow declares"),
    ...declared.map(line),
    "",
    palette.bold("What it does not: each workload, with its own proven identity, against every other"),
    ...undeclared.map(line),
    "",
    wrong === 0
      ? `Every declared flow works, every other is refused. Isolation: ${isolation}.`
      : palette.red(`${wrong} attempts did not end as they must.`),
  ].join("\n");
}
