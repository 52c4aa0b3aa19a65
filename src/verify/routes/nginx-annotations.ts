/** What ingress-nginx is told by annotations: which are followed, which change nothing that matters here, and the rest. */
import type { Ingress } from "../../cluster/index.js";

export const PREFIX = "nginx.ingress.kubernetes.io/";

/** They shape an answer or the traffic, and neither let a request through nor lead it elsewhere. */
const HARMLESS =
  /^(ssl-redirect|force-ssl-redirect|ssl-.*|backend-protocol|proxy-(body-size|connect-timeout|send-timeout|read-timeout|next-upstream.*|request-buffering|buffering|buffers-number|buffer-size|busy-buffers-size|max-temp-file-size|http-version|cookie-domain|cookie-path|redirect-from|redirect-to|ssl-.*)|client-body-buffer-size|enable-cors|cors-.*|affinity.*|session-cookie-.*|load-balance|upstream-hash-by.*|limit-.*|enable-access-log|enable-rewrite-log|enable-opentelemetry|opentelemetry-.*|enable-opentracing|opentracing-.*|connection-proxy-header|custom-headers|preserve-trailing-slash|http2-push-preload|x-forwarded-prefix|auth-(method|signin|signin-redirect-param|response-headers|request-redirect|proxy-set-headers|cache-key|cache-duration|keepalive.*|always-set-cookie|realm|secret|secret-type|tls-secret|tls-verify-depth|tls-error-page|tls-pass-certificate-to-upstream|tls-verify-client))$/;

const FOLLOWED = new Set([
  "auth-url",
  "auth-type",
  "auth-snippet",
  "auth-tls-match-cn",
  "enable-global-auth",
  "whitelist-source-range",
  "allowlist-source-range",
  "denylist-source-range",
  "satisfy",
  "use-regex",
  "rewrite-target",
  "app-root",
  "permanent-redirect",
  "permanent-redirect-code",
  "temporal-redirect",
  "temporal-redirect-code",
  "relative-redirects",
  "from-to-www-redirect",
  "server-alias",
  "upstream-vhost",
  "service-upstream",
  "default-backend",
  "custom-http-errors",
  "canary",
  "canary-by-header",
  "canary-by-header-value",
  "canary-by-header-pattern",
  "canary-by-cookie",
  "canary-weight",
  "canary-weight-total",
  "mirror-target",
  "mirror-request-body",
  "mirror-host",
  "configuration-snippet",
  "server-snippet",
  "stream-snippet",
  "enable-modsecurity",
  "enable-owasp-core-rules",
  "modsecurity-transaction-id",
  "modsecurity-snippet",
  "ssl-passthrough",
]);

/** The text of an annotation; one that is empty is as good as none. */
export function annotation({ object }: Ingress, name: string): string | undefined {
  const text = object.annotations.get(PREFIX + name)?.trim();
  return text === "" ? undefined : text;
}

/**
 * Raw configuration, which may lead a request past any check, or anywhere; annotations that nobody here knows; and TLS
 * that is passed on as it is.
 */
export function rawAnnotations(ingress: Ingress): readonly string[] {
  const passed = annotation(ingress, "ssl-passthrough") === "true" ? ["ssl-passthrough"] : [];
  const written = [...ingress.object.annotations.keys()]
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length))
    .filter(
      (name) => /^(configuration|server|stream)-snippet$/.test(name) || (!FOLLOWED.has(name) && !HARMLESS.test(name)),
    );
  return [...passed, ...written];
}

/** What a path is rewritten to; a target that is the path itself rewrites nothing. */
export function rewriteOf(ingress: Ingress, path: string): string | undefined {
  const target = annotation(ingress, "rewrite-target");
  return target === path ? undefined : target;
}

/** It shares the locations of the Ingress beside it, whose annotations hold for both. */
export const isCanary = (ingress: Ingress): boolean => annotation(ingress, "canary") === "true";

export function annotationSpan({ object }: Ingress, name: string) {
  return object.origin.spanOf(["metadata", "annotations", PREFIX + name]);
}
