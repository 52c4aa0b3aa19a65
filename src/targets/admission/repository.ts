/**
 * The repository of an image, with its registry: `model-server` is `docker.io/library/model-server`. Tag and digest are
 * gone, so that neither can be used to get by, and a registry in front is part of the name, so that it cannot either.
 */
export function repositoryOf(image: string): string {
  const [named = ""] = image.split("@");
  const colon = named.lastIndexOf(":");
  const path = colon > named.lastIndexOf("/") ? named.slice(0, colon) : named;
  const [first = ""] = path.split("/");
  if (!path.includes("/")) return `docker.io/library/${path}`;
  if (first === "index.docker.io") return `docker.io${path.slice(first.length)}`;
  return first.includes(".") || first.includes(":") || first === "localhost" ? path : `docker.io/${path}`;
}
