/** An OPA with Envoy's plugin as people deploy it beside Istio, and a server whose proxy asks it. */

interface Options {
  readonly args?: readonly string[];
  readonly image?: string;
  readonly provider?: object;
  readonly others?: readonly object[];
  readonly mounts?: object;
}

export const FILES = "opa-policy";

export function decisionPointManifests(data: Readonly<Record<string, string>>, options: Options = {}) {
  const labels = { app: "opa" };
  const documents: readonly object[] = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "opa", labels: { "istio-injection": "enabled" } } },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "prod", labels: { "istio-injection": "enabled" } } },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio", namespace: "istio-system" },
      data: {
        mesh: JSON.stringify({
          extensionProviders: [
            {
              name: "opa",
              ...(options.provider ?? { envoyExtAuthzGrpc: { service: "opa.opa.svc.cluster.local", port: 9191 } }),
            },
          ],
        }),
      },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: FILES, namespace: "opa" }, data },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "opa", namespace: "opa" },
      spec: {
        selector: labels,
        ports: [
          { name: "grpc", port: 9191 },
          { name: "http", port: 8181 },
        ],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "opa", namespace: "opa" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: "opa",
                image: options.image ?? "docker.io/openpolicyagent/opa:1.22.2-envoy",
                args: options.args ?? [
                  "run",
                  "--server",
                  "--addr=localhost:8181",
                  "--set=plugins.envoy_ext_authz_grpc.addr=:9191",
                  "--set=plugins.envoy_ext_authz_grpc.path=envoy/authz/decision",
                  "--ignore=.*",
                  "/policy",
                ],
                volumeMounts: [{ name: "policy", mountPath: "/policy", ...options.mounts }],
              },
            ],
            volumes: [{ name: "policy", configMap: { name: FILES } }],
          },
        },
      },
    },
    ...["web", "server"].flatMap((name) => workload(name)),
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "ask", namespace: "prod" },
      spec: { selector: { matchLabels: { app: "server" } }, action: "CUSTOM", provider: { name: "opa" }, rules: [{}] },
    },
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: { name: "default", namespace: "istio-system" },
      spec: { mtls: { mode: "STRICT" } },
    },
    ...(options.others ?? []),
  ];
  return documents.map((document, i) => ({ path: `${i}.json`, text: JSON.stringify(document, null, 1) }));
}

function workload(name: string): readonly object[] {
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: "prod" },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            serviceAccountName: name,
            containers: [{ name: "main", image: "main:1", ports: [{ containerPort: 8080 }] }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "prod" },
      spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    },
  ];
}
