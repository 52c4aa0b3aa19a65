/** An image reference in its parts, as the distribution specification splits it. */
export interface ImageReference {
  /** undefined where the reference leaves the registry to the node */
  readonly registry?: string;
  /** with its registry, without tag and digest; Docker Hub's implied names are left as written */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Splits `registry/name:tag@digest`. The first part is a registry when it has a dot or a port, or is `localhost`. */
export function parseImage(text: string): ImageReference {
  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const repository = tagged ? named.slice(0, colon) : named;
  const first = repository.includes("/") ? repository.slice(0, repository.indexOf("/")) : "";
  const isRegistry = first.includes(".") || first.includes(":") || first === "localhost";
  return {
    repository,
    ...(isRegistry ? { registry: first } : {}),
    ...(tagged ? { tag: named.slice(colon + 1) } : {}),
    ...(at === -1 ? {} : { digest: text.slice(at + 1) }),
  };
}
