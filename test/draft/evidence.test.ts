/** What containers are told: which addresses become flows, and what must not. */
import { describe, expect, it } from "vitest";
import { configMap, env, importObjects, type Json, server, service, workload } from "./manifests.js";

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

  it("without a port have the usual one of what the key speaks of", () => {
    const { flows, remarks } = importObjects(
      client({ MAIL_HOST: "smtp.mail.dev", MYSQL_HOST: "db.cloud.dev", APP_HOST: "me.acme.dev" }),
    );
    expect(flows).toEqual(["client > db-cloud-dev:3306", "client > smtp-mail-dev:587"]);
    expect(remarks("assumed")).toHaveLength(3);
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
