/** Ways through OpenShift's Routes. Its router is no part of anybody's manifests. */
import type { Cluster, Route, RouteChange, ServicePort } from "../../cluster/index.js";
import { NO_CHANGE } from "../../cluster/index.js";
import { both, exactly } from "../space/bounds.js";
import { dimension, only, RequestSet, Text } from "../space/index.js";
import { backendOf } from "./backends.js";
import { hostLanguage, languageOf, ofHosts } from "./condition.js";
import { routed } from "./istio.js";
import { type Entry, resolved } from "./table.js";
import type { Routed } from "./way.js";

export function openshiftWays(cluster: Cluster): readonly Routed[] {
  return cluster.routes.flatMap((route) => {
    const entrance = {
      kind: "route",
      object: route.object,
      gateway: undefined,
      scheme: route.termination === undefined ? "http" : "https",
      port: route.termination === undefined ? 80 : 443,
      podPort: 80,
      exact: false,
      calls: "address",
    } as const;
    return routed(
      cluster,
      entrance,
      resolved([entryOf(cluster, route)], () => "never"),
    );
  });
}

function entryOf(cluster: Cluster, { object, namespace, services, targetPort, host, path, termination }: Route): Entry {
  const chooses = (servicePort: ServicePort, podPort: number): boolean =>
    targetPort === undefined ||
    (typeof targetPort === "number" ? podPort === targetPort : servicePort.name === targetPort);
  const rewrites = object.annotations.has("haproxy.router.openshift.io/rewrite-target");
  const change: RouteChange = rewrites
    ? { ...NO_CHANGE, path: { kind: "unread", value: "rewrite-target" } }
    : NO_CHANGE;
  const backends = services.map((name) => backendOf(cluster, { namespace, name }, chooses, change));
  const protocol = exactly(RequestSet.where(dimension.protocol, only(termination === "passthrough" ? "tcp" : "http")));
  const language = languageOf({ kind: "prefix", value: path ?? "" });
  const paths = language === undefined ? [] : [exactly(RequestSet.where(dimension.path, Text.of(language)))];
  const matches =
    termination === "passthrough"
      ? protocol
      : both(
          protocol,
          ofHosts(hostLanguage(hostOf(object, host))),
          ...(path === undefined || path === "/" ? [] : paths),
        );
  return {
    object,
    at: ["spec"],
    matches,
    path: undefined,
    targets: backends.flatMap(({ targets }) => targets),
    doubts: backends.flatMap(({ doubt }) => (doubt === undefined ? [] : [doubt])),
  };
}

/** With `wildcardPolicy: Subdomain` the host stands for every name beside it. */
function hostOf({ origin }: Route["object"], host: string | undefined): string {
  const spec = (origin.value as { spec?: { wildcardPolicy?: unknown } } | null)?.spec;
  if (host === undefined) return "*";
  return spec?.wildcardPolicy === "Subdomain" ? host.replace(/^[^.]*/, "*") : host;
}
