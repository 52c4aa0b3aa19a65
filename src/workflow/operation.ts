import type { Span } from "../diagnostics/index.js";
import type { PathPattern } from "./path-pattern.js";

/**
 * What is spoken on a port. `https` and `tls` mean that the application itself speaks TLS; the others are carried
 * inside mutual TLS by the mesh or the proxy. `websocket` is HTTP that may upgrade.
 */
export const PROTOCOLS = ["http", "https", "grpc", "websocket", "tcp", "tls"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Whether methods and paths can be seen and decided on (for `https`, only where TLS ends: at the edge). */
export function isHttp(protocol: Protocol): boolean {
  return protocol === "http" || protocol === "https" || protocol === "grpc" || protocol === "websocket";
}

export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
export type Method = (typeof METHODS)[number];

/** One thing a flow may do. `any` is always written out: an empty list never means everything. */
export interface Operation {
  readonly methods: readonly Method[] | "any";
  readonly paths: readonly PathPattern[] | "any";
  /** values of the Host header, lower case, `*.` in front for every name below; any host of the destination when `any` */
  readonly hosts: readonly string[] | "any";
  /** the caller's token must hold one of these; `none`: no role is asked for */
  readonly roles: readonly string[] | "none";
  /** the identity provider whose token holds the roles */
  readonly identity?: string;
  readonly span: Span;
}
