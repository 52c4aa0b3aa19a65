/** What runs: images, ports, zones, and what is declared but joins nothing. */
import type { Policy, Workload } from "../../policy/index.js";
import { describe, factsOf, list } from "../facts.js";
import { parseImage } from "../image.js";
import type { Hit, ThreatRule } from "../rule.js";

/** Ports on which runtimes and agents listen for debuggers and administrators, by convention. */
const DEBUG_PORTS: ReadonlyMap<number, string> = new Map([
  [2375, "the Docker API without TLS"],
  [2379, "etcd"],
  [4000, "the Delve debugger"],
  [5005, "the Java debugger"],
  [5678, "the Python debugger"],
  [6060, "Go's profiler"],
  [9229, "the Node.js inspector"],
  [10250, "the kubelet"],
  [15000, "Envoy's administration"],
]);

export const WORKLOAD_RULES: readonly ThreatRule[] = [
  {
    id: "image-tag-floats",
    severity: "high",
    title: "an image has neither tag nor digest, or a tag that moves",
    why: "what runs tomorrow is decided by whoever pushes next, not by whoever reviewed this file",
    evaluate: (policy) =>
      images(policy, (image, workload) => {
        const { tag, digest } = parseImage(image);
        if (digest !== undefined || (tag !== undefined && !isFloating(tag))) return undefined;
        return {
          evidence: [
            `\`${workload.name}\` runs \`${image}\`, ${tag === undefined ? "which means `latest`" : `and \`${tag}\` moves`}`,
          ],
          remedy: "pin the image: `name:1.2.3@sha256:…`",
        };
      }),
  },
  {
    id: "image-without-digest",
    severity: "low",
    title: "an image is pinned by tag only",
    why: "a tag can be pushed again; only a digest names the bytes that were reviewed",
    evaluate: (policy) =>
      images(policy, (image, workload) => {
        const { tag, digest } = parseImage(image);
        if (digest !== undefined || tag === undefined || isFloating(tag)) return undefined;
        return {
          evidence: [`\`${workload.name}\` runs \`${image}\``],
          remedy: `add the digest: \`${image}@sha256:…\``,
        };
      }),
  },
  {
    id: "image-registry-implied",
    severity: "low",
    title: "an image does not name its registry",
    why: "which registry is meant depends on the node's settings, and on Docker Hub anybody may own a similar name",
    evaluate: (policy) =>
      images(policy, (image, workload) => {
        const { registry } = parseImage(image);
        if (registry !== undefined) return undefined;
        return {
          evidence: [`\`${workload.name}\` runs \`${image}\``],
          remedy: `write the registry in front, as \`docker.io/…\` or your own mirror`,
        };
      }),
  },
  {
    id: "image-shared-across-trust",
    severity: "medium",
    title: "one image runs in zones of different trust",
    why: "admission tells zones apart by their images; with this one, a workload of the lower zone may stand in the higher one",
    evaluate: (policy) => {
      const users = new Map<string, Workload[]>();
      for (const workload of policy.workloads) {
        if (workload.image === undefined) continue;
        const { repository } = parseImage(workload.image);
        users.set(repository, [...(users.get(repository) ?? []), workload]);
      }
      return [...users].flatMap(([repository, workloads]) => {
        const first = workloads[0];
        if (first === undefined || new Set(workloads.map((workload) => workload.trust)).size < 2) return [];
        return [
          {
            where: first.name,
            span: first.span,
            evidence: [`\`${repository}\` runs as ${workloads.map(describe).join(", ")}`],
            remedy: "build an image for each, or run them in zones of the same trust",
          },
        ];
      });
    },
  },
  {
    id: "workload-without-image",
    severity: "info",
    title: "a workload names no image",
    why: "admission cannot tell its image from any other, so its zone must accept it by labels alone",
    evaluate: (policy) =>
      policy.workloads.flatMap((workload) => {
        if (workload.image !== undefined || workload.run !== undefined || policy.targets.admission.length === 0)
          return [];
        return [
          {
            where: workload.name,
            span: workload.span,
            evidence: [`\`${workload.name}\` has neither \`image\` nor \`run\``],
            remedy: "name the `image` that runs it",
          },
        ];
      }),
  },
  {
    id: "debug-port",
    severity: "high",
    title: "a workload serves a debugging or administration port",
    why: "who reaches a debugger runs code as the workload; no method or path tells the two apart",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) =>
        workload.ports.flatMap((port) => {
          const what = DEBUG_PORTS.get(port.port);
          if (what === undefined) return [];
          const callers = (facts.into.get(workload.name) ?? [])
            .filter((rule) => rule.port.port === port.port)
            .map((rule) => rule.id);
          const evidence = [
            `port ${port.port} of \`${workload.name}\` is by convention ${what}`,
            ...callers.map((id) => `${id} leads to it`),
          ];
          return [
            {
              where: workload.name,
              span: port.span,
              evidence,
              remedy: "remove the port and switch the debugger off; if it is something else, serve it on another port",
            },
          ];
        }),
      );
    },
  },
  {
    id: "port-without-flow",
    severity: "low",
    title: "a port is served that no flow uses",
    why: "it is code that listens for nobody the file knows, and the first thing a wider rule would expose",
    evaluate: (policy) => {
      const facts = factsOf(policy);
      return policy.workloads.flatMap((workload) => {
        if (isIdle(policy, workload)) return [];
        const used = new Set((facts.into.get(workload.name) ?? []).map((rule) => rule.port.port));
        return workload.ports
          .filter((port) => !used.has(port.port))
          .map((port) => ({
            where: workload.name,
            span: port.span,
            evidence: [`no flow leads to port ${port.port} (${port.name}) of \`${workload.name}\``],
            remedy: "remove the port, and stop serving it",
          }));
      });
    },
  },
  {
    id: "unused-workload",
    severity: "low",
    title: "a workload is on no flow",
    why: "what runs without a task is patched by nobody and missed by nobody",
    evaluate: (policy) =>
      policy.workloads
        .filter((workload) => isIdle(policy, workload))
        .map((workload) => ({
          where: workload.name,
          span: workload.span,
          evidence: [`no flow starts or ends at ${describe(workload)}`],
          remedy: "remove the workload, or declare the flows that it really has",
        })),
  },
  {
    id: "unused-zone",
    severity: "info",
    title: "a zone holds no workload",
    why: "an empty namespace with rights is a place to put something",
    evaluate: (policy) =>
      policy.zones
        .filter((zone) => !policy.workloads.some((workload) => workload.zone === zone.name))
        .map((zone) => ({
          where: zone.name,
          span: zone.span,
          evidence: [`no workload is in \`${zone.name}\``],
          remedy: `remove \`${zone.name}\``,
        })),
  },
  {
    id: "unused-outside-party",
    severity: "info",
    title: "an outside party is on no flow",
    why: "the file names somebody that nothing talks to; the next reader takes it for permitted",
    evaluate: (policy) => {
      const used = new Set(policy.rules.flatMap((rule) => [rule.from.name, rule.to.name]));
      return policy.outside
        .filter((party) => !used.has(party.name))
        .map((party) => ({
          where: party.name,
          span: party.span,
          evidence: [`no flow starts or ends at \`${party.name}\``],
          remedy: `remove \`${party.name}\``,
        }));
    },
  },
  {
    id: "one-zone-for-all",
    severity: "medium",
    title: "all workloads share one zone",
    why: "with one namespace there is one trust level: a breach of the least trusted workload is a breach beside the most trusted",
    evaluate: (policy) => {
      const zones = new Set(policy.workloads.map((workload) => workload.zone));
      const kinds = [...new Set(policy.workloads.map((workload) => workload.kind))].sort();
      const zone = policy.zones.find((candidate) => zones.has(candidate.name));
      if (zone === undefined || zones.size > 1 || policy.workloads.length < 3 || kinds.length < 2) return [];
      return [
        {
          where: zone.name,
          span: zone.span,
          evidence: [`${policy.workloads.length} workloads of the kinds ${list(kinds)} are in \`${zone.name}\``],
          remedy: "give stores and models a zone of higher trust, and what faces users one of lower trust",
        },
      ];
    },
  },
  {
    id: "node-wide-workload",
    severity: "low",
    title: "a workload runs on every node",
    why: "a DaemonSet stands beside every other pod and is usually given the node's files; its identity is on each machine",
    evaluate: (policy) =>
      policy.workloads.flatMap((workload) =>
        workload.kubernetes?.kind !== "DaemonSet"
          ? []
          : [
              {
                where: workload.name,
                span: workload.span,
                evidence: [`\`${workload.name}\` is a DaemonSet in \`${workload.zone}\``],
                remedy: "run it as a Deployment, or keep it out of zones that hold sensitive data",
              },
            ],
      ),
  },
];

function images(
  policy: Policy,
  say: (image: string, workload: Workload) => { evidence: readonly string[]; remedy: string } | undefined,
): Hit[] {
  return policy.workloads.flatMap((workload) => {
    const said = workload.image === undefined ? undefined : say(workload.image, workload);
    return said === undefined ? [] : [{ where: workload.name, span: workload.span, ...said }];
  });
}

function isFloating(tag: string): boolean {
  return /^(latest|main|master|dev|develop|edge|nightly|stable|head|canary|current)$/i.test(tag);
}

function isIdle(policy: Policy, workload: Workload): boolean {
  const facts = factsOf(policy);
  return !facts.into.has(workload.name) && !facts.outOf.has(workload.name);
}
