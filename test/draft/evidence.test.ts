/** One small set of manifests for each kind of evidence: what becomes a flow, and what must not. */
import { describe, expect, it } from "vitest";
import { configMap, env, importObjects, importText, type Json, server, service, workload } from "./manifests.js";

const client = (variables: Record<string, string>, more: Json = {}) =>
  workload("client", { ...env(variables), ...more });

describe("variables", () => {
  const forms: readonly (readonly [string, Record<string, string>, readonly Json[], readonly string[]])[] = [
    ["a URL", { API_URL: "http://api:8080/v1" }, server("api"), ["client > api:8080"]],
    [
      "a URL without port, by its scheme",
      { API_URL: "http://api" },
      server("api", { servicePort: 80 }),
      ["client > api:8080"],
    ],
    ["host:port", { API_ADDR: "api:80" }, server("api", { servicePort: 80 }), ["client > api:8080"]],
    ["a bare host", { API_HOST: "api" }, server("api"), ["client > api:8080"]],
    ["a bare host with address words after it", { API_SERVER_HOST_IP: "api" }, server("api"), ["client > api:8080"]],
    [
      "a named target port",
      { API_HOST: "api" },
      server("api", { portName: "web", servicePort: 80 }),
      ["client > api:8080"],
    ],
    [
      "name and namespace",
      { API_URL: "http://api.back:8080" },
      server("api", { namespace: "back" }),
      ["client > api:8080"],
    ],
    [
      "name, namespace and svc",
      { API_URL: "http://api.back.svc:8080" },
      server("api", { namespace: "back" }),
      ["client > api:8080"],
    ],
    [
      "the full name",
      { API_HOST: "api.back.svc.cluster.local" },
      server("api", { namespace: "back" }),
      ["client > api:8080"],
    ],
    [
      "a DSN with user and password",
      { DATABASE_URL: "postgresql+asyncpg://u:p%40ss@db:5432/x?sslmode=disable" },
      server("db", { port: 5432 }),
      ["client > db:5432"],
    ],
    [
      "a password with an unescaped slash",
      { DATABASE_URL: "postgres://u:a/b@db/x" },
      server("db", { port: 5432 }),
      ["client > db:5432"],
    ],
    [
      "JDBC",
      { SPRING_DATASOURCE_URL: "jdbc:postgresql://db:5432/x" },
      server("db", { port: 5432 }),
      ["client > db:5432"],
    ],
    [
      "JDBC for Oracle",
      { DB_URL: "jdbc:oracle:thin:@db:1521:orcl" },
      server("db", { port: 1521 }),
      ["client > db:1521"],
    ],
    ["a Redis URL", { REDIS_URL: "redis://cache/0" }, server("cache", { port: 6379 }), ["client > cache:6379"]],
    ["a Go DSN", { DSN: "user:pass@tcp(db:3306)/x" }, server("db", { port: 3306 }), ["client > db:3306"]],
    [
      "a libpq connection string",
      { PG: "host=db port=5432 dbname=x user=y" },
      server("db", { port: 5432 }),
      ["client > db:5432"],
    ],
    [
      "an ADO.NET connection string",
      { ConnectionStrings__Main: "Server=db;Port=3306;Database=x" },
      server("db", { port: 3306 }),
      ["client > db:3306"],
    ],
    ["gRPC's dns scheme", { TARGET: "dns:///api:8080" }, server("api"), ["client > api:8080"]],
    [
      "JVM options",
      { JAVA_OPTS: "-Xmx1g -Dredis.host=cache -Dredis.port=6379" },
      server("cache", { port: 6379 }),
      ["client > cache:6379"],
    ],
    [
      "JSON in a variable",
      { SETTINGS: '{"db": {"host": "db", "port": 5432}}' },
      server("db", { port: 5432 }),
      ["client > db:5432"],
    ],
  ];
  it.each(forms)("%s", (_form, variables, others, flows) => {
    expect(importObjects(client(variables), ...others).flows).toEqual(flows);
  });

  it("a host and its port in a variable beside it, among several ports", () => {
    const ports = [
      { name: "a", port: 6379 },
      { name: "b", port: 8001 },
    ];
    const store = [workload("cache"), service("cache", { selector: { app: "cache" }, ports })];
    expect(importObjects(client({ CACHE_HOST: "cache", CACHE_PORT: "8001" }), store).flows).toEqual([
      "client > cache:8001",
    ]);
    expect(importObjects(client({ CACHE_SERVER_HOST: "cache", CACHE_SERVER_PORT: "6379" }), store).flows).toEqual([
      "client > cache:6379",
    ]);
  });

  it("lists", () => {
    const brokers = [server("kafka-a", { port: 9092 }), server("kafka-b", { port: 9092 })].flat();
    const { flows } = importObjects(client({ KAFKA_BROKERS: "kafka-a:9092,kafka-b:9092" }), brokers);
    expect(flows).toEqual(["client > kafka-a:9092", "client > kafka-b:9092"]);
    expect(importObjects(client({ MONGO: "mongodb://u:p@kafka-a:9092,kafka-b:9092/x" }), brokers).flows).toEqual(flows);
    expect(importObjects(client({ URLS: "http://kafka-a:9092,http://kafka-b:9092" }), brokers).flows).toEqual(flows);
  });

  it("variables within variables", () => {
    const variables = {
      NAME: "api",
      PORT_OF_API: "8080",
      API_URL: "http://$(NAME):$(PORT_OF_API)/",
      OTHER: "$$(NAME)",
    };
    expect(importObjects(client(variables), server("api")).flows).toEqual(["client > api:8080"]);
  });

  it("the cluster's own variables for Services", () => {
    const { flows } = importObjects(
      client({ API: "http://$(MY_API_SERVICE_HOST):$(MY_API_SERVICE_PORT)" }),
      server("my-api"),
    );
    expect(flows).toEqual(["client > my-api:8080"]);
  });

  it("the namespace from the downward API", () => {
    const container = {
      env: [
        { name: "NS", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        { name: "API_URL", value: "http://api.$(NS).svc:8080" },
      ],
    };
    expect(
      importObjects(workload("client", container, { namespace: "x" }), server("api", { namespace: "x" })).flows,
    ).toEqual(["client > api:8080"]);
  });

  it("envFrom and configMapKeyRef", () => {
    const map = configMap("settings", { API_URL: "http://api:8080", DB_HOST: "db" });
    const from = workload("client", { envFrom: [{ configMapRef: { name: "settings" } }] });
    expect(importObjects(from, map, server("api"), server("db")).flows).toEqual([
      "client > api:8080",
      "client > db:8080",
    ]);
    const keyed = workload("client", {
      env: [{ name: "SOME_HOST", valueFrom: { configMapKeyRef: { name: "settings", key: "DB_HOST" } } }],
    });
    const { flows, text } = importObjects(keyed, map, server("api"), server("db"));
    expect(flows).toEqual(["client > db:8080"]);
    expect(text).toContain("# env SOME_HOST of container main from ConfigMap settings DB_HOST (manifests-1.yaml:");
  });

  it("names of a headless Service's pods", () => {
    const set = server("db", { port: 5432, kind: "StatefulSet", service: { clusterIP: "None" } });
    for (const host of ["db-0.db", "db-0.db.default", "db-0.db.default.svc.cluster.local"]) {
      expect(importObjects(client({ DB_HOST: host }), set).flows, host).toEqual(["client > db:5432"]);
    }
  });

  it("full names where the manifests leave their namespace out", () => {
    const { flows, remarks } = importObjects(
      client({ API_URL: "http://api.prod.svc.cluster.local:8080" }),
      server("api"),
    );
    expect(flows).toEqual(["client > api:8080"]);
    expect(remarks("assumed")).toHaveLength(1);
  });

  it("ExternalName", () => {
    const alias = service("db", { type: "ExternalName", externalName: "db.cloud.example-db.net" });
    const inner = service("alias", { type: "ExternalName", externalName: "api.back.svc.cluster.local" });
    const { flows } = importObjects(
      client({ DB_HOST: "db", DB_PORT: "5432", API_URL: "http://alias:8080" }),
      alias,
      inner,
      server("api", { namespace: "back" }),
    );
    expect(flows).toEqual(["client > api:8080", "client > db-cloud-example-db-net:5432"]);
  });

  it("init containers and sidecars count as the workload's", () => {
    const pod = {
      initContainers: [{ name: "wait", image: "x", command: ["sh", "-c", "until nc -z db 5432; do sleep 1; done"] }],
    };
    const both = workload("client", {}, { pod });
    expect(importObjects(both, server("db", { port: 5432 })).flows).toEqual(["client > db:5432"]);
  });

  const nothing: readonly (readonly [string, Record<string, string>])[] = [
    ["a database of a Service's name", { POSTGRES_DB: "api", DB_NAME: "api", USER: "api" }],
    ["no_proxy lists", { NO_PROXY: "api,api.default.svc", no_proxy: "api:8080" }],
    ["allowed origins", { CORS_ALLOWED_ORIGINS: "http://api:8080", ALLOWED_HOSTS: "api" }],
    ["where it listens itself", { LISTEN_ADDR: "api:8080", BIND_ADDRESS: "0.0.0.0:8080", SERVER_NAME: "api" }],
    ["itself", { SELF_URL: "http://client:80", LOCAL: "http://localhost:8080", IP: "http://127.0.0.1:8080" }],
    ["an image tag", { IMAGE: "api:16", SIDECAR_IMAGE: "registry.test/api:80" }],
    ["words of settings", { SERVER: "true", HOST: "0.0.0.0", ENDPOINT: "" }],
    [
      "links for people",
      { DOCS_URL: "https://docs.vendor.dev/x", SUPPORT_URL: "https://vendor.dev", LICENSE_URL: "https://apache.org/x" },
    ],
    ["placeholders", { API_URL: "https://example.com", KEY_URL: "https://your-domain.com/x" }],
  ];
  it.each(nothing)("not: %s", (_form, variables) => {
    expect(
      importObjects(
        client(variables),
        server("api"),
        service("client", { selector: { app: "client" }, ports: [{ port: 80 }] }),
      ).flows,
    ).toEqual([]);
  });
});

describe("outside hosts", () => {
  it("become outside APIs", () => {
    const { workflow } = importObjects(
      client({ OPENAI_BASE_URL: "https://api.openai.com/v1", SMTP_HOST: "smtp.mail.dev", SMTP_PORT: "587" }),
    );
    expect(
      workflow.outside.map((party) => (party.kind === "api" ? `${party.host}:${party.port} ${party.protocol}` : "")),
    ).toEqual(["api.openai.com:443 https", "smtp.mail.dev:587 tcp"]);
    expect(workflow.flows).toHaveLength(2);
  });

  it("are not the host under which the workload itself is reached", () => {
    const ingress = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web" },
      spec: {
        rules: [
          {
            host: "app.acme.dev",
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 8080 } } } }],
            },
          },
        ],
      },
    };
    const web = [
      workload("web", {
        ports: [{ containerPort: 8080 }],
        ...env({ BASE_URL: "https://app.acme.dev", WEB_HOST: "web.acme.dev" }),
      }),
      service("web", { selector: { app: "web" }, ports: [{ port: 8080 }] }),
    ];
    expect(importObjects(ingress, web).flows).toEqual(["clients > web:8080"]);
  });

  it("by address or as the Kubernetes API are reported, not drafted", () => {
    const { flows, remarks } = importObjects(client({ A: "http://10.1.2.3:80", B: "https://kubernetes.default.svc" }));
    expect(flows).toEqual([]);
    expect(remarks("undrafted")).toHaveLength(2);
  });
});

describe("commands and files", () => {
  it("flags of a command, in one word or two", () => {
    const flags = { args: ["--redis-host", "cache", "--api=http://api:8080", "--listen-address=0.0.0.0:9000"] };
    expect(importObjects(workload("client", flags), server("cache", { port: 6379 }), server("api")).flows).toEqual([
      "client > api:8080",
      "client > cache:6379",
    ]);
  });

  it("shell scripts, with variables and comments", () => {
    const script = `# curl http://unused:8080
      curl -sf "http://\${API_HOST}:\${API_PORT:-8080}/ready" # see http://unused:8080
      psql -h db -p 5432 -c 'select 1'
      redis-cli -h "$CACHE" ping`;
    const told = workload("client", {
      command: ["/bin/sh", "-c"],
      args: [script],
      ...env({ API_HOST: "api", CACHE: "cache" }),
    });
    const others = [
      server("api"),
      server("db", { port: 5432 }),
      server("cache", { port: 6379 }),
      server("unused"),
    ].flat();
    expect(importObjects(told, others).flows).toEqual(["client > api:8080", "client > cache:6379", "client > db:5432"]);
  });

  const mounted = (data: Record<string, string>, mount: Json = {}, more: Json = {}) => [
    configMap("files", data),
    workload(
      "client",
      { volumeMounts: [{ name: "files", mountPath: "/etc/app", ...mount }] },
      { pod: { volumes: [{ name: "files", configMap: { name: "files", ...more } }] } },
    ),
  ];
  const files: readonly (readonly [string, string])[] = [
    ["default.conf", "server { location / { proxy_pass http://api:8080/; } }"],
    [
      "upstream.conf",
      "upstream backend {\n  server api:8080 max_fails=3;\n}\nserver { location / { proxy_pass http://backend; } }",
    ],
    ["bare.conf", "upstream backend {\n  server api;\n}"],
    ["stream.conf", "server { listen 9000; proxy_pass api:8080; }"],
    ["haproxy.cfg", "backend b\n  server one api:8080 check"],
    ["app.yaml", "database:\n  host: api\n  port: 8080\n"],
    ["envoy.yaml", "address:\n  socket_address:\n    address: api\n    port_value: 8080\n"],
    ["list.yaml", "endpoints:\n  - api:8080\n"],
    ["app.json", '{ "backend": { "url": "http://api:8080" } }'],
    ["app.properties", "spring.data.redis.host=api\nspring.data.redis.port=8080\n"],
    ["app.toml", '[server]\nupstream = "http://api:8080"\n'],
    ["app.xml", "<configuration><host>api</host></configuration>"],
    ["run.sh", "#!/bin/sh\nwget -qO- http://api:8080/health\n"],
    ["client.py", 'requests.get("http://api:8080/x")'],
  ];
  it.each(files)("%s", (name, content) => {
    const { flows, text } = importObjects(mounted({ [name]: content }), server("api"));
    expect(flows).toEqual(["client > api:8080"]);
    expect(text).toContain(`# ConfigMap files ${name} mounted in container main, line `);
  });

  const locations: readonly (readonly [string, string, readonly string[] | undefined])[] = [
    ["a prefix", "location /v1/chat { proxy_pass http://api:8080; }", ["/v1/chat", "/v1/chat/**"]],
    ["an exact path", "location = /login {\n  proxy_pass http://api:8080;\n}", ["/login"]],
    [
      "a path put in its place",
      "location /chat/ {\n  proxy_set_header Host $host;\n  proxy_pass http://api:8080/v1/;\n}",
      ["/v1", "/v1/**"],
    ],
    ["everything", "location / { proxy_pass http://api:8080; }", undefined],
    ["a regular expression", "location ~ ^/x { proxy_pass http://api:8080; }", undefined],
    ["a rewrite", "location /x {\n rewrite ^/x(.*) $1 break;\n proxy_pass http://api:8080;\n}", undefined],
    ["a rewrite after it", "location /x {\n proxy_pass http://api:8080;\n rewrite ^/x(.*) $1 break;\n}", undefined],
    [
      "everything beside a prefix",
      "location /x { proxy_pass http://api:8080; }\nlocation / { proxy_pass http://api:8080; }",
      undefined,
    ],
  ];
  it.each(locations)("nginx passes on %s", (_what, content, paths) => {
    const { workflow } = importObjects(mounted({ "default.conf": `server {\n${content}\n}` }), server("api"));
    const allowed = workflow.flows[0]?.allow?.flatMap((one) =>
      one.paths === "any" ? ["any"] : one.paths.map(({ text }) => text),
    );
    expect(workflow.flows).toHaveLength(1);
    expect(allowed).toEqual(paths);
  });

  it("files that aren't mounted, and keys that aren't, are not read", () => {
    const data = { "a.conf": "proxy_pass http://api:8080;", "b.conf": "proxy_pass http://other:8080;" };
    const others = [server("api"), server("other")].flat();
    expect(importObjects(configMap("files", data), workload("client"), others).flows).toEqual([]);
    expect(importObjects(mounted(data, { subPath: "b.conf" }), others).flows).toEqual(["client > other:8080"]);
    expect(importObjects(mounted(data, {}, { items: [{ key: "a.conf", path: "x.conf" }] }), others).flows).toEqual([
      "client > api:8080",
    ]);
  });

  it("projected volumes", () => {
    const pod = {
      volumes: [
        { name: "all", projected: { sources: [{ configMap: { name: "files" } }, { secret: { name: "keys" } }] } },
      ],
    };
    const told = workload("client", { volumeMounts: [{ name: "all", mountPath: "/etc/app" }] }, { pod });
    const { flows, workflow } = importObjects(told, configMap("files", { x: "url: http://api:8080" }), server("api"));
    expect(flows).toEqual(["client > api:8080"]);
    expect(workflow.secrets.map(({ name, usedBy }) => [name, usedBy])).toEqual([["keys", ["client"]]]);
  });

  it("not: comments, links, schemas and dashboards", () => {
    const content = `# see http://api:8080
// https://github.com/acme/app
$schema: https://json-schema.org/draft
description: "documented at https://docs.acme.dev/x"
links: [{ href: "https://grafana.acme.dev" }]
cors_allowed_origins:
  - http://api:8080
logo = "https://cdn.acme.dev/logo.png"`;
    expect(importObjects(mounted({ "app.yaml": content }), server("api")).flows).toEqual([]);
  });
});

describe("entrances", () => {
  it("Services of type LoadBalancer and NodePort, each TCP port", () => {
    const ports = [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "dns", port: 53, protocol: "UDP" },
    ];
    for (const type of ["LoadBalancer", "NodePort"]) {
      const { flows, text } = importObjects(workload("web"), service("web", { type, selector: { app: "web" }, ports }));
      expect(flows).toEqual(["clients > web:8080"]);
      expect(text).toContain(`# Service web of type ${type} (manifests-1.yaml:`);
      expect(text).toContain("clients: { kind: users, anonymous: true }");
    }
  });

  const ingress = (paths: Json[], more: Json = {}, annotations: Json = {}): Json => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web", annotations },
    spec: { rules: [{ host: "app.acme.dev", http: { paths } }], ...more },
  });
  const path = (text: string, pathType: string, name = "web"): Json => ({
    path: text,
    pathType,
    backend: { service: { name, port: { number: 80 } } },
  });
  const web = server("web", { servicePort: 80 });

  it("Ingress, with its paths and TLS", () => {
    const { workflow } = importObjects(
      ingress([path("/a", "Prefix"), path("/b", "Exact")], { tls: [{ hosts: ["app.acme.dev"], secretName: "cert" }] }),
      web,
    );
    const [flow] = workflow.flows;
    expect(flow).toMatchObject({ from: "clients", to: "web", port: 8080, protocol: "https" });
    expect(flow?.allow?.map(({ paths }) => (paths === "any" ? paths : paths.map(({ text }) => text)))).toEqual([
      ["/a", "/a/**"],
      ["/b"],
    ]);
    expect(workflow.targets.gateway).toMatchObject({ engine: "ingress-nginx", hosts: ["app.acme.dev"] });
  });

  it("Ingress that rewrites paths lets every path in, since the workload sees others", () => {
    const { workflow } = importObjects(
      ingress(
        [path("/a(/|$)(.*)", "ImplementationSpecific"), path("/b", "Prefix")],
        {},
        { "nginx.ingress.kubernetes.io/rewrite-target": "/$2" },
      ),
      web,
    );
    expect(workflow.flows.map(({ allow }) => allow)).toEqual([undefined]);
  });

  it("HTTPRoute and GRPCRoute on a Gateway, not on a waypoint", () => {
    const gateway = (className: string): Json => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        gatewayClassName: className,
        listeners: [{ name: "https", port: 443, protocol: "HTTPS", tls: { mode: "Terminate" } }],
      },
    });
    const route: Json = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [
          {
            matches: [{ path: { type: "Exact", value: "/x" }, method: "GET" }],
            backendRefs: [{ name: "web", port: 80 }],
          },
        ],
      },
    };
    const { workflow, flows } = importObjects(gateway("istio"), route, web);
    expect(flows).toEqual(["clients > web:8080"]);
    expect(workflow.flows[0]).toMatchObject({ protocol: "https", allow: [{ methods: ["GET"] }] });
    expect(importObjects(gateway("istio-waypoint"), route, web).flows).toEqual([]);
    const grpc = {
      ...route,
      kind: "GRPCRoute",
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [{ matches: [{ method: { service: "a.B", method: "C" } }], backendRefs: [{ name: "api", port: 9000 }] }],
      },
    };
    const api = server("api", { port: 9000, portName: "grpc" });
    expect(importObjects(gateway("istio"), grpc, api).text).toContain("- { service: a.B, method: C }");
  });

  it("VirtualService on an ingress gateway, not in the mesh and not on an egress gateway", () => {
    const gateway = (name: string): Json => ({
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name },
      spec: {
        selector: { istio: `${name}gateway` },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    });
    const virtual = (gateways: string[]): Json => ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "web" },
      spec: {
        hosts: ["*"],
        gateways,
        http: [
          { match: [{ uri: { prefix: "/api" } }], route: [{ destination: { host: "web", port: { number: 80 } } }] },
        ],
      },
    });
    const { flows, text } = importObjects(gateway("ingress"), virtual(["ingress"]), web);
    expect(flows).toEqual(["clients > web:8080"]);
    expect(text).toContain('- { path: [/api, "/api/**"] }');
    expect(importObjects(gateway("egress"), virtual(["egress"]), web).flows).toEqual([]);
    expect(importObjects(virtual(["mesh"]), web).flows).toEqual([]);
  });
});

describe("policies as evidence", () => {
  const networkPolicy = (spec: Json): Json => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p" },
    spec,
  });

  it("NetworkPolicy: peers that are selected by label, in both directions", () => {
    const into = networkPolicy({
      podSelector: { matchLabels: { app: "db" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: "client" } } }], ports: [{ port: 5432 }] }],
    });
    expect(importObjects(into, workload("client"), server("db", { port: 5432 })).flows).toEqual(["client > db:5432"]);
    const out = networkPolicy({
      podSelector: { matchLabels: { app: "client" } },
      policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: { matchLabels: { app: "db" } } }], ports: [{ port: "sql" }] }],
    });
    expect(importObjects(out, workload("client"), server("db", { port: 5432, portName: "sql" })).flows).toEqual([
      "client > db:5432",
    ]);
  });

  it("NetworkPolicy: everyone, whole namespaces and addresses are no evidence", () => {
    for (const from of [
      undefined,
      [{ podSelector: {} }],
      [{ namespaceSelector: {} }],
      [{ ipBlock: { cidr: "10.0.0.0/8" } }],
    ]) {
      const policy = networkPolicy({
        podSelector: { matchLabels: { app: "db" } },
        ingress: [from === undefined ? {} : { from }],
      });
      expect(
        importObjects(policy, workload("client"), server("db", { port: 5432 })).flows,
        JSON.stringify(from),
      ).toEqual([]);
    }
  });

  const authorization = (spec: Json): Json => ({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "p", namespace: "n" },
    spec,
  });
  const caller = workload("client", {}, { namespace: "n", pod: { serviceAccountName: "client" } });
  const api = server("api", { namespace: "n", portName: "http" });

  it("AuthorizationPolicy: principals are callers, operations what they may do", () => {
    const policy = authorization({
      selector: { matchLabels: { app: "api" } },
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/n/sa/client"] } }],
          to: [{ operation: { methods: ["POST"], paths: ["/v1/*", "/status"], ports: ["8080"] } }],
        },
      ],
    });
    const { workflow, text } = importObjects(policy, caller, api);
    expect(workflow.flows[0]).toMatchObject({ from: "client", to: "api", port: 8080, allow: [{ methods: ["POST"] }] });
    expect(text).toContain('- { method: POST, path: [/status, "/v1/**"] }');
    expect(text).toContain("# AuthorizationPolicy p (rule 1) (manifests-1.yaml:");
    expect(workflow.targets.mesh).toMatchObject({ engine: "istio" });
  });

  it("AuthorizationPolicy: what a flow cannot say is drafted as every request, and said", () => {
    const policy = authorization({
      selector: { matchLabels: { app: "api" } },
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/n/sa/client"] } }],
          to: [{ operation: { notPaths: ["/admin"] } }],
        },
      ],
    });
    const { workflow, remarks } = importObjects(policy, caller, api);
    expect(workflow.flows[0]?.allow).toBeUndefined();
    expect(remarks("assumed").join()).toContain("exceptions or patterns");
  });

  it("AuthorizationPolicy: shared accounts, wildcards and namespaces are no evidence; DENY neither", () => {
    const sources = [{ principals: ["*"] }, { principals: ["cluster.local/ns/n/sa/default"] }, { namespaces: ["n"] }];
    for (const source of sources) {
      const policy = authorization({ selector: { matchLabels: { app: "api" } }, rules: [{ from: [{ source }] }] });
      const others = ["a", "b"].map((name) => workload(name, {}, { namespace: "n" }));
      expect(importObjects(policy, others, api).flows, JSON.stringify(source)).toEqual([]);
    }
    const deny = authorization({
      action: "DENY",
      selector: { matchLabels: { app: "api" } },
      rules: [{ from: [{ source: { principals: ["cluster.local/ns/n/sa/client"] } }] }],
    });
    expect(importObjects(deny, caller, api).flows).toEqual([]);
  });

  it("RequestAuthentication and a policy that asks for its token make users with an identity and roles", () => {
    const authentication: Json = {
      apiVersion: "security.istio.io/v1",
      kind: "RequestAuthentication",
      metadata: { name: "jwt", namespace: "n" },
      spec: {
        selector: { matchLabels: { app: "api" } },
        jwtRules: [{ issuer: "https://login.acme.dev", audiences: ["api"], jwksUri: "https://login.acme.dev/keys" }],
      },
    };
    const policy = authorization({
      selector: { matchLabels: { app: "api" } },
      rules: [
        {
          to: [{ operation: { methods: ["GET"] } }],
          when: [{ key: "request.auth.claims[realm_access][roles]", values: ["reader"] }],
        },
      ],
    });
    const entrance = service("open", { type: "LoadBalancer", selector: { app: "api" }, ports: [{ port: 8080 }] }, "n");
    const { workflow } = importObjects(authentication, policy, entrance, api);
    expect(workflow.identities).toMatchObject([
      {
        name: "login-acme-dev",
        issuer: "https://login.acme.dev",
        audiences: ["api"],
        roles: ["realm_access", "roles"],
      },
    ]);
    expect(workflow.flows).toMatchObject([
      { from: "login-acme-dev-users", to: "api", allow: [{ methods: ["GET"], roles: ["reader"] }] },
    ]);
    const { workflow: without } = importObjects(authentication, entrance, api);
    expect(without.flows, "validating is not asking").toMatchObject([{ from: "clients" }]);
  });
});

describe("models", () => {
  const image = "ghcr.io/huggingface/text-generation-inference:2.4";
  it("that a model server loads from the hub are a flow", () => {
    for (const container of [
      env({ MODEL_ID: "org/model-7b" }),
      { args: ["--model-id", "org/model-7b"] },
      { ...env({ M: "org/model" }), args: ["--model=$(M)"] },
    ]) {
      const { workflow } = importObjects(workload("tgi", { image, ...container }));
      expect(workflow.flows).toMatchObject([
        { from: "tgi", to: "huggingface-co", port: 443, returns: ["model-weights"] },
      ]);
    }
  });

  it("that are mounted, or not to be loaded, are none; hints elsewhere are reported", () => {
    expect(importObjects(workload("tgi", { image, ...env({ MODEL_ID: "/models/x" }) })).flows).toEqual([]);
    expect(importObjects(workload("tgi", { image, ...env({ MODEL_ID: "org/m", HF_HUB_OFFLINE: "1" }) })).flows).toEqual(
      [],
    );
    const app = importObjects(workload("app", env({ HF_TOKEN: "hf_secret_value", EMBEDDING_MODEL: "org/m" })));
    expect(app.flows).toEqual([]);
    expect(app.remarks("download")).toHaveLength(1);
    expect(
      importObjects(workload("app", { args: ["--weights", "s3://bucket/x"] }))
        .remarks("download")
        .join(),
    ).toContain("s3://");
  });

  it("come from the mirror that is named", () => {
    const { flows } = importObjects(
      workload("tgi", { image, ...env({ MODEL_ID: "org/m", HF_ENDPOINT: "https://hub.acme.dev" }) }),
    );
    expect(flows).toEqual(["tgi > hub-acme-dev:443"]);
  });
});

describe("what cannot be told", () => {
  it("names that nothing defines", () => {
    const { flows, remarks } = importObjects(
      client({ A_URL: "http://gone:80", B_HOST: "missing", C_ADDR: "lost.other.svc:90" }),
      service("empty", { selector: { app: "no" }, ports: [{ port: 1 }] }),
      client({ X: "http://empty:1" }),
    );
    expect(flows).toEqual([]);
    expect(remarks("dangling").length).toBeGreaterThan(0);
    const first = importObjects(client({ A_URL: "http://gone:80", B_HOST: "missing", C_ADDR: "lost.other.svc:90" }));
    expect(first.remarks("dangling").map((text) => text.split(":")[0])).toEqual(["gone", "lost.other.svc", "missing"]);
  });

  it("addresses in Secrets, ConfigMaps that are not there, variables that only run time knows", () => {
    const container = {
      env: [
        { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "db", key: "url" } } },
        { name: "API_URL", value: "http://$(UNKNOWN):80" },
      ],
      envFrom: [{ configMapRef: { name: "elsewhere" } }],
    };
    const { remarks, workflow } = importObjects(workload("client", container));
    expect(remarks("unresolved")).toHaveLength(3);
    expect(workflow.secrets.map(({ name }) => name)).toEqual(["db"]);
  });

  it("a port that the Service does not have", () => {
    const { remarks, flows } = importObjects(client({ API_URL: "http://api:9999" }), server("api"));
    expect(remarks("port")).toHaveLength(1);
    expect(flows).toEqual(["client > api:8080"]);
  });

  it("servers that nobody is seen to call", () => {
    const { remarks } = importObjects(server("alone"));
    expect(remarks("invisible")[0]).toContain("alone: serves (Service alone), and nothing in the manifests names it");
  });

  it("one object in two files: the later counts", () => {
    const text = (host: string) => JSON.stringify(workload("client", env({ API_HOST: host })));
    const others = [...server("one"), ...server("two")].map((object) => JSON.stringify(object)).join("\n---\n");
    const { flows, remarks } = importText(text("one"), text("two"), others);
    expect(flows).toEqual(["client > two:8080"]);
    expect(remarks("conflict")[0]).toContain("manifests-2.yaml: Deployment default/client is defined twice");
    expect(remarks("conflict")[0]).toContain("manifests-1.yaml");
  });

  it("documents that cannot be read do not stop the others", () => {
    const { flows, remarks } = importText(
      "a: [",
      `${[client({ API_HOST: "api" }), ...server("api")].map((object) => JSON.stringify(object)).join("\n---\n")}`,
    );
    expect(flows).toEqual(["client > api:8080"]);
    expect(remarks("skipped").length).toBeGreaterThan(0);
  });

  it("custom resources without a reader", () => {
    const { remarks } = importObjects({ apiVersion: "acme.dev/v1", kind: "Widget", metadata: { name: "w" }, spec: {} });
    expect(remarks("not-understood")).toEqual(["Widget w: has no reader: what it runs or calls is not drafted"]);
  });
});

describe("custom resources", () => {
  it("InferenceService: predictor and transformer", () => {
    const { flows, workflow } = importObjects(
      {
        apiVersion: "serving.kserve.io/v1beta1",
        kind: "InferenceService",
        metadata: { name: "iris" },
        spec: {
          predictor: { model: { modelFormat: { name: "sklearn" }, storageUri: "gs://b/m" } },
          transformer: { containers: [{ name: "t", image: "acme/t:1", env: [{ name: "DB_HOST", value: "db" }] }] },
        },
      },
      client({ MODEL_URL: "http://iris-predictor.default.svc.cluster.local/v1" }),
      server("db", { port: 5432 }),
    );
    expect(flows).toEqual([
      "client > iris-predictor:8080",
      "iris-transformer > db:5432",
      "iris-transformer > iris-predictor:8080",
    ]);
    expect(workflow.workloads.find(({ name }) => name === "iris-predictor")?.kind).toBe("model");
  });

  it("RayCluster: workers join the head, clients reach it by its Service", () => {
    const group = (name: string): Json => ({
      groupName: name,
      template: { spec: { containers: [{ name: "ray", image: "rayproject/ray:2" }] } },
    });
    const { flows } = importObjects(
      {
        apiVersion: "ray.io/v1",
        kind: "RayCluster",
        metadata: { name: "r" },
        spec: {
          headGroupSpec: group("h"),
          workerGroupSpecs: [group("w")],
          gcsFaultToleranceOptions: { redisAddress: "cache:6379" },
        },
      },
      client({ RAY_ADDRESS: "ray://r-head-svc:10001" }),
      server("cache", { port: 6379 }),
    );
    expect(flows).toEqual(["client > r-head:10001", "r-head > cache:6379", "r-w > r-head:6379"]);
  });
});

describe("the file", () => {
  it("holds no value of a Secret and no literal credential", () => {
    const values = [
      "plain-secret-value",
      Buffer.from("encoded-secret").toString("base64"),
      "encoded-secret",
      "literal-credential",
      "dsn-password",
      "user-in-dsn",
    ];
    const secret: Json = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys", annotations: { "kubectl.kubernetes.io/last-applied-configuration": values[0] } },
      stringData: { a: values[0] },
      data: { b: values[1] },
    };
    const container = {
      env: [
        { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "a" } } },
        { name: "API_KEY", value: values[3] },
        { name: "DATABASE_URL", value: `postgres://${values[5]}:${values[4]}@db:5432/x` },
        { name: "GONE_URL", value: `postgres://${values[5]}:${values[4]}/x@gone/x` },
      ],
    };
    const { text, summary, report, workflow } = importObjects(
      secret,
      workload("client", container),
      server("db", { port: 5432 }),
    );
    for (const value of values) {
      expect(text, "draft").not.toContain(value);
      expect(summary + JSON.stringify(report), "report").not.toContain(value);
    }
    expect(workflow.secrets.map(({ name }) => name)).toEqual(["keys"]);
  });

  it("survives names that would break out of a comment or a scalar", () => {
    const hostile = "x\ninjected: true\n#";
    const container = { env: [{ name: `${hostile}_HOST`, value: "api" }], name: hostile, image: "a b: {c}" };
    const { workflow, flows } = importObjects(
      workload("client", container),
      workload("yes"),
      workload("123"),
      server("api"),
    );
    expect(flows).toEqual(["client > api:8080"]);
    expect(workflow.workloads.map(({ name }) => name)).toEqual(["123", "api", "client", "yes"]);
  });

  it("keeps workloads of one name in two namespaces, and of two kinds, apart", () => {
    const { workflow } = importObjects(
      server("web", { namespace: "a" }),
      server("web", { namespace: "b" }),
      workload("job"),
      workload("job", {}, { kind: "CronJob" }),
    );
    const names = workflow.workloads.map(
      ({ name, zone, kubernetes }) => `${name} ${zone} ${kubernetes?.kind}/${kubernetes?.name}`,
    );
    expect(names).toEqual([
      "web-a a Deployment/web",
      "web-b b Deployment/web",
      "job-default default CronJob/job",
      "job-default-deployment default Deployment/job",
    ]);
  });

  it("puts nothing of the cluster's own namespaces into a zone", () => {
    const { workflow, remarks } = importObjects(
      workload("gateway", {}, { namespace: "istio-system" }),
      workload("app"),
    );
    expect(workflow.zones.map(({ name }) => name)).toEqual(["default"]);
    expect(remarks("skipped")).toHaveLength(1);
  });

  it("leaves out the tests of a chart", () => {
    const test = workload("web-test", { args: ["wget", "http://web:8080"] }, { kind: "Pod" });
    const hook = { ...test, metadata: { name: "web-test", annotations: { "helm.sh/hook": "test" } } };
    expect(importObjects(hook, server("web")).flows).toEqual([]);
  });

  it("guesses kinds by image and protocols by names, probes and ports", () => {
    const { workflow } = importObjects(
      workload("a", { image: "docker.io/bitnami/postgresql:16", ports: [{ containerPort: 5432 }] }),
      workload("b", { image: "vllm/vllm-openai:v0.6", ports: [{ containerPort: 8000, name: "http" }] }),
      workload("c", { image: "nginx:1", ports: [{ containerPort: 80 }] }),
      workload("d", { image: "confluentinc/cp-kafka:7", ports: [{ containerPort: 9092 }] }),
      workload("e", { image: "acme/redis-exporter:1", ports: [{ containerPort: 9121, name: "metrics" }] }),
      workload("f", { ports: [{ containerPort: 9000 }], readinessProbe: { grpc: { port: 9000 } } }),
      workload("g", {}, { kind: "Job" }),
    );
    expect(
      workflow.workloads.map(
        ({ name, kind, ports }) => `${name} ${kind} ${ports.map(({ protocol }) => protocol).join()}`,
      ),
    ).toEqual([
      "a store tcp",
      "b model http",
      "c gateway http",
      "d queue tcp",
      "e service http",
      "f service grpc",
      "g job ",
    ]);
  });

  it("of nothing at all still loads", () => {
    expect(importText("").workflow.workloads).toEqual([]);
  });
});
