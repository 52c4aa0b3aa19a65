/** Turns the `allow` entries of a flow into operations: HTTP or gRPC, roles tied to an identity provider. */

import type { z } from "zod";
import type { PathStep } from "../documents/index.js";
import type { Declarations } from "./declarations.js";
import { isHttp, METHODS, type Method, type Operation, type Protocol } from "./operation.js";
import { type PathPattern, parsePathPattern } from "./path-pattern.js";
import { unknownName } from "./references.js";
import type * as schema from "./schema.js";
import type { Shapes } from "./shape.js";

type Written = z.output<typeof schema.operation>;

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

interface Context {
  readonly shapes: Shapes;
  readonly declarations: Declarations;
  readonly what: string;
  readonly protocol: Protocol;
  /** the identity provider of the users that the flow starts at */
  readonly caller: { readonly anonymous: boolean; readonly identity?: string };
}

/** Undefined, with problems, when the entry contradicts its flow. */
export function readOperation(written: Written, path: readonly PathStep[], context: Context): Operation | undefined {
  const { shapes, protocol, what } = context;
  const before = shapes.problems.length;
  const span = shapes.document.spanOf(path);
  if (!isHttp(protocol)) {
    const hint = "leave `allow` out: a connection is all that can be decided on";
    shapes.add("WORKFLOW_CONFLICT", path, `${what} speaks ${protocol}, which has no methods, paths or roles`, hint);
    return undefined;
  }
  const target = protocol === "grpc" ? grpcTarget(written, path, context) : httpTarget(written, path, context);
  const roles = readRoles(written, path, context);
  if (shapes.problems.length > before || target === undefined) return undefined;
  const hosts = written.host === undefined ? "any" : listOf(written.host);
  return {
    ...target,
    hosts,
    roles: written.roles === undefined ? "none" : [...new Set(listOf(written.roles))].sort(),
    ...(roles === undefined ? {} : { identity: roles }),
    span,
  };
}

function httpTarget(written: Written, path: readonly PathStep[], { shapes, what }: Context) {
  if (written.service !== undefined) {
    shapes.addAtKey(
      "WORKFLOW_CONFLICT",
      [...path, "service"],
      `${what} speaks HTTP, and \`service\` is for gRPC`,
      "write `method` and `path`, or `protocol: grpc`",
    );
    return undefined;
  }
  const methods: Method[] = [];
  for (const [index, method] of listOf(written.method ?? []).entries()) {
    const known = METHODS.find((candidate) => candidate === method);
    if (known !== undefined) {
      if (!methods.includes(known)) methods.push(known);
      continue;
    }
    const at = Array.isArray(written.method) ? [...path, "method", index] : [...path, "method"];
    const upper = METHODS.find((candidate) => candidate === method.toUpperCase());
    const hint =
      method === "*"
        ? "leave `method` out for any"
        : upper === undefined
          ? `write one of ${METHODS.join(", ")}`
          : `write ${upper}`;
    shapes.add("WORKFLOW_SHAPE", at, `\`${method}\` is not a method that ${what} can allow`, hint);
  }
  const paths = listOf(written.path ?? []).flatMap((text, index) => {
    const pattern = parsePathPattern(text);
    if (!("error" in pattern)) return [pattern];
    const at = Array.isArray(written.path) ? [...path, "path", index] : [...path, "path"];
    shapes.add("WORKFLOW_SHAPE", at, `${pattern.error} (${what})`, pattern.hint);
    return [];
  });
  return {
    methods: written.method === undefined ? ("any" as const) : methods,
    paths: written.path === undefined ? ("any" as const) : paths,
  };
}

const SERVICE = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const METHOD = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A gRPC call is a POST to `/package.Service/Method` (gRPC over HTTP/2, "Request-Headers"). */
function grpcTarget(written: Written, path: readonly PathStep[], { shapes, what }: Context) {
  if (written.path !== undefined) {
    shapes.addAtKey(
      "WORKFLOW_CONFLICT",
      [...path, "path"],
      `${what} speaks gRPC, which has no paths`,
      "write `service: package.Service` and `method: Name`",
    );
    return undefined;
  }
  if (written.service === undefined) {
    shapes.add(
      "WORKFLOW_MISSING_KEY",
      path,
      `${what} speaks gRPC, and this entry names no \`service\``,
      "add `service: package.Service`; to allow every call, leave `allow` out",
    );
    return undefined;
  }
  if (!SERVICE.test(written.service)) {
    shapes.add(
      "WORKFLOW_SHAPE",
      [...path, "service"],
      `\`${written.service}\` is not the name of a gRPC service`,
      "write `package.Service`",
    );
    return undefined;
  }
  const methods = written.method === undefined ? ["*"] : listOf(written.method);
  const paths: PathPattern[] = [];
  for (const [index, method] of methods.entries()) {
    const pattern =
      method === "*" || METHOD.test(method) ? parsePathPattern(`/${written.service}/${method}`) : undefined;
    if (pattern !== undefined && !("error" in pattern)) paths.push(pattern);
    else {
      const at = Array.isArray(written.method) ? [...path, "method", index] : [...path, "method"];
      shapes.add(
        "WORKFLOW_SHAPE",
        at,
        `\`${method}\` is not the name of a gRPC method`,
        "write its name as in the .proto file, or `*`",
      );
    }
  }
  return { methods: ["POST"] as const, paths };
}

/** The identity provider that a role belongs to. */
function readRoles(written: Written, path: readonly PathStep[], context: Context): string | undefined {
  const { shapes, declarations, what, caller } = context;
  if (written.roles === undefined) {
    if (written.identity !== undefined) {
      shapes.addAtKey(
        "WORKFLOW_CONFLICT",
        [...path, "identity"],
        `\`identity\` says whose roles are meant, and this entry of ${what} has none`,
        "add `roles`, or leave `identity` out",
      );
    }
    return undefined;
  }
  if (caller.anonymous) {
    shapes.addAtKey(
      "WORKFLOW_CONFLICT",
      [...path, "roles"],
      `${what} starts at anonymous users, who have no roles`,
      "give them an `identity`, or leave `roles` out",
    );
    return undefined;
  }
  const all = [...declarations.identity.names];
  const chosen = written.identity ?? caller.identity ?? (all.length === 1 ? all[0] : undefined);
  if (chosen === undefined) {
    const hint =
      all.length === 0
        ? "declare the issuer of the tokens under `identity`"
        : `add \`identity:\` with one of ${all.join(", ")}`;
    shapes.addAtKey("WORKFLOW_AMBIGUOUS", [...path, "roles"], `whose roles ${what} means is not clear`, hint);
    return undefined;
  }
  if (!declarations.identity.names.has(chosen)) {
    unknownName(shapes, [...path, "identity"], "identity provider", chosen, declarations.identity.names);
    return undefined;
  }
  if (caller.identity !== undefined && caller.identity !== chosen) {
    shapes.addAtKey(
      "WORKFLOW_CONFLICT",
      [...path, "identity"],
      `the users of ${what} carry tokens of \`${caller.identity}\`, not of \`${chosen}\``,
      `write \`identity: ${caller.identity}\``,
    );
    return undefined;
  }
  const provider = declarations.identity.entries.get(chosen);
  if (provider !== undefined && provider.value.roles === undefined) {
    shapes.addAtKey(
      "WORKFLOW_CONFLICT",
      [...path, "roles"],
      `identity provider \`${chosen}\` does not say where its roles are`,
      `add \`roles: <claim path>\` to \`${chosen}\``,
    );
    return undefined;
  }
  return chosen;
}
