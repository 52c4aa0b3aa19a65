import { type CapabilityTable, enforced, left, partly } from "../capability.js";

const NOT_IN = "it stands at the way in, not between workloads";

export const capabilities: CapabilityTable = {
  "default-deny": partly("routes only what a flow of users permits", NOT_IN, "mesh", "network"),
  callers: left(NOT_IN, "mesh", "network"),
  ports: partly("one HTTPS listener; each route leads to one port", NOT_IN, "network", "mesh"),
  identity: left("users are known by their tokens", "authorization", "mesh"),
  mtls: left("what it sends to workloads is protected by the mesh", "mesh"),
  methods: partly(
    "routes match them, with the Gateway API",
    "ingress-nginx routes by path alone",
    "authorization",
    "mesh",
  ),
  paths: partly(
    "routes match them",
    "a prefix also matches itself without the `/` at its end, and a segment that varies needs regular expressions",
    "authorization",
    "mesh",
  ),
  hosts: enforced("listeners and routes for the hosts of `targets.gateway`"),
  token: partly(
    "ingress-nginx asks the decision point before it passes a request on",
    "a Gateway leaves it to the mesh",
    "mesh",
    "authorization",
  ),
  roles: partly("ingress-nginx asks the decision point", "a Gateway leaves it to the mesh", "mesh", "authorization"),
  normalization: left("it passes paths on", "mesh", "authorization"),
  "outside-hosts": left("it is the way in", "mesh", "network"),
  "tls-origination": left("it is the way in", "mesh"),
  "pod-security": left("it runs where its controller says", "cluster"),
  accounts: left("it runs where its controller says", "cluster"),
  placement: left("it runs where its controller says", "admission"),
  "own-rules": left("it asks the decision point", "authorization"),
  secrets: left("its certificate is supplied when it is installed", "secrets"),
  "at-rest": left("it stores nothing", "encryption"),
  redaction: left("its access log is its controller's", "logs"),
  "decision-log": left("the decision point writes it", "authorization"),
  response: left("it enforces a quarantine and triggers none", "logs"),
};
