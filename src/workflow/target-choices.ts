/** Fills in what the file leaves out of `targets`. Each default is the strictest that needs nothing but the cluster. */
import type { z } from "zod";
import { listOf } from "./operations.js";
import type * as schema from "./schema.js";
import type { TargetChoices } from "./workflow.js";

type Written = z.output<typeof schema.targets>;

export function chooseTargets(written: Written): TargetChoices {
  return {
    network: { engine: written.network ?? "kubernetes" },
    mesh: mesh(written.mesh ?? "istio"),
    gateway: gateway(written.gateway ?? "gateway-api"),
    authorization: { engine: written.authorization ?? "opa" },
    admission: [...new Set(written.admission ?? (["validating-admission-policy"] as const))].sort(),
    secrets: secrets(written.secrets ?? "none"),
    encryption: encryption(written.encryption ?? "none"),
    logs: logs(written.logs ?? "none"),
  };
}

function mesh(written: NonNullable<Written["mesh"]>): TargetChoices["mesh"] {
  if (written === "none") return { engine: "none" };
  const chosen =
    typeof written === "string"
      ? { mode: written === "istio-ambient" ? ("ambient" as const) : ("sidecar" as const) }
      : written;
  return {
    engine: "istio",
    mode: chosen.mode ?? "sidecar",
    rootNamespace: ("rootNamespace" in chosen ? chosen.rootNamespace : undefined) ?? "istio-system",
    egressNamespace: ("egressNamespace" in chosen ? chosen.egressNamespace : undefined) ?? "istio-egress",
  };
}

function gateway(written: NonNullable<Written["gateway"]>): TargetChoices["gateway"] {
  const chosen = typeof written === "string" ? { engine: written } : written;
  const nginx = chosen.engine === "ingress-nginx";
  return {
    engine: chosen.engine,
    namespace: ("namespace" in chosen ? chosen.namespace : undefined) ?? (nginx ? "ingress-nginx" : "istio-ingress"),
    className: ("className" in chosen ? chosen.className : undefined) ?? (nginx ? "nginx" : "istio"),
    hosts: "hosts" in chosen && chosen.hosts !== undefined ? [...new Set(listOf(chosen.hosts))].sort() : [],
  };
}

function secrets(written: NonNullable<Written["secrets"]>): TargetChoices["secrets"] {
  if (written === "none") return { engine: "none" };
  return {
    engine: "vault",
    address: written.address,
    mount: written.mount ?? "secret",
    authPath: written.authPath ?? "kubernetes",
  };
}

function encryption(written: NonNullable<Written["encryption"]>): TargetChoices["encryption"] {
  const chosen = written === "none" ? { provider: "none" as const } : written;
  return {
    provider: chosen.provider,
    kmsEndpoint: ("kmsEndpoint" in chosen ? chosen.kmsEndpoint : undefined) ?? "unix:///var/run/kmsplugin/socket.sock",
    storageProvisioner: ("storageProvisioner" in chosen ? chosen.storageProvisioner : undefined) ?? "",
    storageParameters: ("storageParameters" in chosen ? chosen.storageParameters : undefined) ?? {},
  };
}

function logs(written: NonNullable<Written["logs"]>): TargetChoices["logs"] {
  const chosen = typeof written === "string" ? { engine: written } : written;
  return {
    engine: chosen.engine,
    endpoint: ("endpoint" in chosen ? chosen.endpoint : undefined) ?? "logs.logging:24224",
  };
}
