import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { formatSpan, RingfenceError } from "../diagnostics/index.js";
import { loadWorkflow } from "./index.js";

const HEAD = "apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { z: { trust: internal } }\n";

function problems(text: string): string[] {
  try {
    loadWorkflow({ path: "w.yaml", text });
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return error.problems.map(
      ({ span, message, hint }) =>
        `${span ? formatSpan(span).slice("w.yaml:".length) : "-"} ${message}${hint === undefined ? "" : ` | ${hint}`}`,
    );
  }
  return [];
}

describe("loadWorkflow", () => {
  it("reads the example in full", () => {
    const path = resolve(import.meta.dirname, "../../examples/claims-triage/ringfence.yaml");
    const workflow = loadWorkflow({ path, text: readFileSync(path, "utf8") });
    expect(workflow.flows.map(({ from, to, port, protocol }) => `${from}>${to}:${port} ${protocol}`)).toEqual([
      "analysts>api-gateway:8080 https",
      "api-gateway>preprocessor:8081 http",
      "preprocessor>geocoder:443 https",
      "preprocessor>model-server:8500 http",
      "api-gateway>results-db:5432 tcp",
      "model-server>results-db:5432 tcp",
    ]);
    expect(workflow.flows[0]?.allow?.[1]).toMatchObject({
      methods: ["GET"],
      paths: [{ text: "/v1/claims/{id}", rest: false }],
      hosts: "any",
      roles: ["adjuster", "auditor"],
      identity: "corp",
    });
    expect(workflow.flows[2]?.allow).toBeUndefined();
    expect(workflow.identities[0]?.roles).toEqual(["realm_access", "roles"]);
    expect(workflow.respond[0]).toMatchObject({
      count: 5,
      withinSeconds: 60,
      do: ["quarantine", "alert"],
      notify: ["security"],
    });
    expect(workflow.targets.mesh).toEqual({
      engine: "istio",
      mode: "sidecar",
      rootNamespace: "istio-system",
      egressNamespace: "istio-egress",
    });
  });

  it("reports every mistake of a file in one run, in the order of the text", () => {
    const text = `apiVersion: ringfence.dev/v2
workflow: My Flow
zone: {}
zones:
  z: { trust: secret }
workloads:
  a: { zone: y, port: "8080", encryptedAtRest: yes }
  b: { zone: z, prot: 1 }
  c: { zone: z, port: 9 }
flows:
  - { from: a, to: c }
  - { from: c, to: d }
  - { form: a, to: c }
  - { from: c, to: c, data: [x], allow: [{ method: get, path: v1 }] }
`;
    expect(problems(text)).toEqual([
      "1:13 `apiVersion` of the workflow file must be one of ringfence.dev/v1, found `ringfence.dev/v2` | did you mean `ringfence.dev/v1`?",
      "2:11 `workflow` of the workflow file must be lower-case letters, digits and `-`, at most 63, as Kubernetes names are, found `My Flow`",
      "3:1 unknown key `zone` in the workflow file | did you mean `zones`?",
      "5:15 `trust` of zone `z` must be one of public, internal, restricted, found `secret`",
      "7:14 unknown zone `y` | declared: z",
      "7:23 `port` of workload `a` must be a number, found `8080` | write 8080 without quotes",
      "7:48 `encryptedAtRest` of workload `a` must be true or false, found `yes` | write `true`",
      "8:17 unknown key `prot` in workload `b` | did you mean `port`?",
      "12:20 unknown workload or outside party `d` | declared: a, b, c",
      "13:5 flow 3 lacks `from` | add `from:`: a workload, or users from outside",
      "13:7 unknown key `form` in flow 3 | did you mean `from`?",
      "14:30 unknown data class `x` | the file declares no data class",
      "14:52 `get` is not a method that flow 4 (`c` to `c`) can allow | write GET",
      "14:63 path `v1` does not start with `/` (flow 4 (`c` to `c`)) | write `/v1`",
    ]);
  });

  it.each<[string, string, string]>([
    [
      "a port in doubt",
      "workloads: { a: { zone: z }, b: { zone: z, ports: [{ port: 1 }, { port: 2, protocol: tcp }] } }\nflows: [{ from: a, to: b }]",
      "5:24 flow 1 (`a` to `b`) does not say which port | add `port:` with one of 1 (http-1), 2 (tcp-2)",
    ],
    [
      "a port that is not served",
      "workloads: { a: { zone: z }, b: { zone: z, port: 1 } }\nflows: [{ from: a, to: b, port: 3 }]",
      "5:33 `b` has no port `3` | it serves 1 (http-1)",
    ],
    [
      "a destination without port",
      "workloads: { a: { zone: z }, b: { zone: z } }\nflows: [{ from: a, to: b }]",
      "5:24 flow 1 (`a` to `b`) ends at a workload that serves no port | add `port: NUMBER` to `b`",
    ],
    [
      "two flows for one pair",
      "workloads: { a: { zone: z }, b: { zone: z, port: 1 } }\nflows:\n  - { from: a, to: b }\n  - { from: a, to: b, port: 1 }",
      "7:5 flow 2 joins the same parties on the same port as flow 1 | merge the two: their `allow` entries go into one list",
    ],
    [
      "paths on TCP",
      "workloads: { a: { zone: z, port: 1, protocol: tcp } }\nflows: [{ from: a, to: a, allow: [{ path: / }] }]",
      "5:35 flow 1 (`a` to `a`) speaks tcp, which has no methods, paths or roles | leave `allow` out: a connection is all that can be decided on",
    ],
    [
      "a lower-case method",
      "workloads: { a: { zone: z, port: 1 } }\nflows: [{ from: a, to: a, allow: [{ method: get }] }]",
      "5:45 `get` is not a method that flow 1 (`a` to `a`) can allow | write GET",
    ],
    [
      "a wildcard inside a segment",
      "workloads: { a: { zone: z, port: 1 } }\nflows: [{ from: a, to: a, allow: [{ path: [/v1/model-*] }] }]",
      "5:44 path `/v1/model-*` has the segment `model-*` (flow 1 (`a` to `a`)) | `*` or `{name}` stands for one whole segment, `**` for the rest of the path at its end",
    ],
    [
      "roles without identity provider",
      "workloads: { a: { zone: z, port: 1 } }\nflows: [{ from: a, to: a, allow: [{ roles: [x] }] }]",
      "5:37 whose roles flow 1 (`a` to `a`) means is not clear | declare the issuer of the tokens under `identity`",
    ],
    [
      "users who are neither known nor anonymous",
      "workloads: { a: { zone: z, port: 1 } }\noutside: { u: { kind: users } }",
      "5:15 outside party `u` lacks `identity` | add `identity:` with an identity provider, or say `anonymous: true`",
    ],
    [
      "an unknown kind of outside party",
      "workloads: { a: { zone: z, port: 1 } }\noutside: { u: { kind: user } }",
      "5:23 `kind` of outside party `u` must be one of users, api, found `user` | did you mean `users`?",
    ],
    [
      "an API that calls",
      "workloads: { a: { zone: z, port: 1 } }\noutside: { u: { kind: api, host: h.example } }\nflows: [{ from: u, to: a }]",
      "6:17 flow 1 (`u` to `a`) starts at an outside API, which only answers | declare who calls in as `kind: users`",
    ],
    [
      "one name for two parties",
      "workloads: { a: { zone: z, port: 1 } }\noutside: { a: { kind: api, host: h.example } }",
      "5:12 `a` is a workload already | flows refer to both by name: rename one",
    ],
    [
      "a release that raises",
      "workloads: { a: { zone: z, releases: { x: y } } }\ndata: { x: { sensitivity: public }, y: { sensitivity: internal } }",
      "4:43 a release makes data less sensitive, and `y` (internal) is not less sensitive than `x` (public) | leave it out: no release is needed",
    ],
    [
      "a namespace of the cluster as zone",
      "workloads: { a: { zone: kube-system } }\n",
      "3:10 `kube-system` cannot be a zone of a workflow | choose a namespace of your own",
    ],
    [
      "a day that does not exist",
      "workloads: { a: { zone: z } }\naccept: [{ rule: r, reason: x, until: 2027-02-30 }]",
      "5:39 `until` of accepted risk 1 must be a day that exists, as `2027-01-31`, found `2027-02-30`",
    ],
    [
      "a target's misspelt engine",
      "workloads: { a: { zone: z } }\ntargets: { mesh: { engine: istio, mod: ambient } }",
      "5:35 unknown key `mod` in `mesh` of `targets` | did you mean `mode`?",
    ],
    [
      "a value of no accepted form",
      "workloads: { a: { zone: z } }\ntargets: { mesh: 3 }",
      "5:18 `mesh` of `targets` must be one of istio, istio-ambient, none or a mapping, found `3`",
    ],
    ["a trust domain in upper case", "trustDomain: AI\nworkloads: { a: { zone: z } }", ""],
  ])("explains %s", (_name, body, expected) => {
    const head = body.includes("kube-system") ? HEAD.replace("{ z:", "{ kube-system:") : HEAD;
    const found = problems(`${head}${body}\n`);
    if (expected === "") expect(found).toHaveLength(1);
    else expect(found).toEqual([expected]);
  });

  it("does not take a hostile key for a declared one", () => {
    const found = problems(
      `${HEAD}workloads: { a: { zone: constructor, port: 1 }, __proto__: { zone: z } }\nflows: [{ from: a, to: toString }]\n`,
    );
    expect(found.map((line) => line.split(" | ")[0])).toEqual([
      "4:25 unknown zone `constructor`",
      "4:49 the name of workload `__proto__` must be lower-case letters, digits and `-`, at most 63, as Kubernetes names are",
      "5:24 `to` of flow 1 must be lower-case letters, digits and `-`, at most 63, as Kubernetes names are, found `toString`",
    ]);
  });

  it.each(["", "# nothing\n", "[]\n", "text\n", `${HEAD}workloads: {}\n---\na: 1\n`])(
    "says one thing about %j",
    (text) => {
      expect(problems(text)).toHaveLength(1);
    },
  );
});
