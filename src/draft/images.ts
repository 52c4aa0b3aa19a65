/** What an image is, told by its name: the tables behind the guesses of `kind`, of protocols and of model downloads. */
import type { Protocol, WorkloadKind } from "../workflow/index.js";

const STORES =
  /^(?:postgres(?:ql)?|pgvector|timescaledb|postgis|mysql|mariadb|percona|mongo(?:db)?|redis|valkey|keydb|dragonfly|memcached|milvus|qdrant|weaviate|chroma(?:db)?|elasticsearch|opensearch|minio|etcd|cassandra|scylla|clickhouse|neo4j|cockroach|influxdb|couchdb|arangodb|vespa|lancedb|mssql|sqlserver|oracle|seaweedfs|rqlite|vearch|opengauss|surrealdb|victoria-metrics)(?:$|[-_.])/;
const QUEUES =
  /^(?:kafka|cp-kafka|rabbitmq|nats|pulsar|activemq|artemis|redpanda|mosquitto|emqx|zookeeper|nsqd?|strimzi)(?:$|[-_.])/;
const MODELS =
  /^(?:text-generation-inference|text-embeddings-inference|tgi|tei|vllm|sglang|tritonserver|triton|ollama|llama[-_.]?cpp|llama-server|localai|local-ai|torchserve|pytorch-serve|tensorflow-serving|mlserver|model[-_]?server|openvino|ovms|ray-llm|lmdeploy|xinference|infinity|lorax|huggingfaceserver|sklearnserver|xgbserver|lgbserver|pmmlserver|paddleserver|whisper|faster-whisper|speaches|kokoro|speecht5|gpt-sovits|stable-diffusion|comfyui|nim|deepseek|aphrodite|koboldcpp|tabby|speculators|tgi-gaudi|embeddings?-server)(?:$|[-_.])/;
const GATEWAYS =
  /^(?:nginx|openresty|envoy|haproxy|traefik|kong|apisix|caddy|httpd|oauth2-proxy|proxyv2|emissary|contour|tyk|krakend|litellm|pomerium|ambassador|api-gateway|gateway)(?:$|[-_.])/;
/** Tools around a store that are no store: `redis-exporter`, `mongo-express`. */
const AROUND =
  /(?:^|[-_.])(?:exporter|express|commander|ui|admin|insight|operator|console|client|backup|init|migrations?|migrate|tools?|mc|setup|bootstrap|cli|controller|sidecar|agent|proxy|router|attu|test|loader|ingest|dataprep|retriever)(?:$|[-_.])/;
const FULL_NAMES: readonly (readonly [RegExp, WorkloadKind])[] = [
  [/(?:^|\/)tensorflow\/serving(?:$|[-_])/, "model"],
  [/(?:^|\/)nvcr\.io\/nim\//, "model"],
  [/(?:^|\/)pytorch\/torchserve/, "model"],
];

/** The repository of an image in lower case, without registry tag and digest. */
function repositoryOf(image: string): string {
  const name = image.toLowerCase().split("@", 1)[0] ?? "";
  const slash = name.lastIndexOf("/");
  const colon = name.indexOf(":", slash + 1);
  return colon === -1 ? name : name.slice(0, colon);
}

function lastName(image: string): string {
  return repositoryOf(image).split("/").at(-1) ?? "";
}

/** What the image is, or undefined when its name doesn't tell. */
export function kindOfImage(image: string): WorkloadKind | undefined {
  const repository = repositoryOf(image);
  for (const [pattern, kind] of FULL_NAMES) if (pattern.test(repository)) return kind;
  const name = lastName(image);
  if (MODELS.test(name)) return "model";
  if (GATEWAYS.test(name)) return "gateway";
  if (AROUND.test(name)) return undefined;
  if (STORES.test(name)) return "store";
  return QUEUES.test(name) ? "queue" : undefined;
}

/** Containers that a mesh or a platform adds: they are not what the workload is. */
export function isSidecarImage(image: string): boolean {
  return /(?:^|[/-])(?:proxyv2|istio-proxy|linkerd-proxy|cloud-sql-proxy|cloudsql-proxy|gce-proxy|fluent-bit|fluentd|vault-agent|oauth2-proxy|config-reload(?:er)?|git-sync|jaeger-agent|otel-collector|opentelemetry-collector(?:-contrib)?|prometheus-config-reloader|k8s-sidecar|statsd-exporter|[a-z]+-exporter|[a-z]+_exporter)$/.test(
    repositoryOf(image),
  );
}

/** Model servers that load what `MODEL_ID` or `--model` names from Hugging Face, unless it is a path. */
export function loadsFromHub(image: string): boolean {
  return /^(?:text-generation-inference|text-embeddings-inference|tgi|tei|tgi-gaudi|tei-gaudi|vllm|sglang|lorax|huggingfaceserver|lmdeploy|infinity|aphrodite|ray-llm)(?:$|[-_.])/.test(
    lastName(image),
  );
}

interface PortMeaning {
  readonly protocol: Protocol;
  readonly words: string;
}

/** Ports by which programs are known. `grpc` only where the program speaks it to its own clients by protobuf services. */
export const WELL_KNOWN_PORTS: ReadonlyMap<number, PortMeaning> = new Map<number, PortMeaning>([
  [25, { protocol: "tcp", words: "SMTP" }],
  [389, { protocol: "tcp", words: "LDAP" }],
  [465, { protocol: "tls", words: "SMTP over TLS" }],
  [587, { protocol: "tcp", words: "SMTP" }],
  [636, { protocol: "tls", words: "LDAP over TLS" }],
  [1433, { protocol: "tcp", words: "SQL Server" }],
  [1521, { protocol: "tcp", words: "Oracle" }],
  [1883, { protocol: "tcp", words: "MQTT" }],
  [2181, { protocol: "tcp", words: "ZooKeeper" }],
  [2379, { protocol: "tcp", words: "etcd" }],
  [2380, { protocol: "tcp", words: "etcd" }],
  [3306, { protocol: "tcp", words: "MySQL" }],
  [4222, { protocol: "tcp", words: "NATS" }],
  [4317, { protocol: "grpc", words: "OTLP" }],
  [5432, { protocol: "tcp", words: "PostgreSQL" }],
  [5671, { protocol: "tls", words: "AMQP over TLS" }],
  [5672, { protocol: "tcp", words: "AMQP" }],
  [6379, { protocol: "tcp", words: "Redis" }],
  [6650, { protocol: "tcp", words: "Pulsar" }],
  [7687, { protocol: "tcp", words: "Neo4j" }],
  [8883, { protocol: "tls", words: "MQTT over TLS" }],
  [9042, { protocol: "tcp", words: "Cassandra" }],
  [9092, { protocol: "tcp", words: "Kafka" }],
  [9093, { protocol: "tcp", words: "Kafka" }],
  [11211, { protocol: "tcp", words: "memcached" }],
  [14250, { protocol: "grpc", words: "Jaeger" }],
  [19530, { protocol: "grpc", words: "Milvus" }],
  [26257, { protocol: "tcp", words: "CockroachDB" }],
  [26379, { protocol: "tcp", words: "Redis Sentinel" }],
  [27017, { protocol: "tcp", words: "MongoDB" }],
  [29092, { protocol: "tcp", words: "Kafka" }],
  [50051, { protocol: "grpc", words: "gRPC" }],
]);

/** Schemes of addresses: the protocol, and the port where none is written. */
export const SCHEMES: ReadonlyMap<string, { readonly protocol: Protocol; readonly port: number | undefined }> = new Map(
  [
    ["http", { protocol: "http", port: 80 }],
    ["https", { protocol: "https", port: 443 }],
    ["ws", { protocol: "websocket", port: 80 }],
    ["wss", { protocol: "https", port: 443 }],
    ["grpc", { protocol: "grpc", port: undefined }],
    ["grpcs", { protocol: "tls", port: 443 }],
    ["dns", { protocol: "grpc", port: undefined }],
    ["redis", { protocol: "tcp", port: 6379 }],
    ["rediss", { protocol: "tls", port: 6379 }],
    ["redis+sentinel", { protocol: "tcp", port: 26379 }],
    ["postgres", { protocol: "tcp", port: 5432 }],
    ["postgresql", { protocol: "tcp", port: 5432 }],
    ["mysql", { protocol: "tcp", port: 3306 }],
    ["mariadb", { protocol: "tcp", port: 3306 }],
    ["sqlserver", { protocol: "tcp", port: 1433 }],
    ["mssql", { protocol: "tcp", port: 1433 }],
    ["oracle", { protocol: "tcp", port: 1521 }],
    ["mongodb", { protocol: "tcp", port: 27017 }],
    ["mongodb+srv", { protocol: "tls", port: 27017 }],
    ["amqp", { protocol: "tcp", port: 5672 }],
    ["amqps", { protocol: "tls", port: 5671 }],
    ["kafka", { protocol: "tcp", port: 9092 }],
    ["nats", { protocol: "tcp", port: 4222 }],
    ["mqtt", { protocol: "tcp", port: 1883 }],
    ["mqtts", { protocol: "tls", port: 8883 }],
    ["pulsar", { protocol: "tcp", port: 6650 }],
    ["bolt", { protocol: "tcp", port: 7687 }],
    ["neo4j", { protocol: "tcp", port: 7687 }],
    ["neo4j+s", { protocol: "tls", port: 7687 }],
    ["clickhouse", { protocol: "tcp", port: 9000 }],
    ["smtp", { protocol: "tcp", port: 25 }],
    ["smtps", { protocol: "tls", port: 465 }],
    ["ldap", { protocol: "tcp", port: 389 }],
    ["ldaps", { protocol: "tls", port: 636 }],
    ["etcd", { protocol: "tcp", port: 2379 }],
    ["tcp", { protocol: "tcp", port: undefined }],
    ["tls", { protocol: "tls", port: undefined }],
    ["udp", { protocol: "tcp", port: undefined }],
  ],
);

/** The scheme as the tables know it: `postgresql+asyncpg` is `postgresql`, `git+https` is `https`. */
export function knownScheme(scheme: string): string {
  if (SCHEMES.has(scheme)) return scheme;
  const parts = scheme.split(/[+:]/);
  return parts.find((part) => SCHEMES.has(part)) ?? scheme;
}
