/**
 * Variables in text, filled in from what the manifests give a container: `$(NAME)` as Kubernetes does it in variables
 * and arguments, and the forms of shells and templates in commands and files. What has no value stays as written.
 */

/** The value of a variable; undefined where the manifests don't tell it. */
export type Lookup = (name: string) => string | undefined;

/** `$(NAME)`; `$$(NAME)` is an escaped one. One pass, as the kubelet does it. */
export function expandKubernetes(text: string, lookup: Lookup): string {
  return text.replace(/(\$?)\$\(([A-Za-z_][\w.-]*)\)/g, (whole, dollar: string, name: string) =>
    dollar === "" ? (lookup(name) ?? whole) : whole,
  );
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` of shells, `${NAME:default}` of Spring. */
export function expandShell(text: string, lookup: Lookup): string {
  return text.replace(
    /\$(?:\{([A-Za-z_]\w*)(?::?-([^${}]*)|:([^${}?+=][^${}]*))?\}|([A-Za-z_]\w*))/g,
    (
      whole,
      braced: string | undefined,
      shell: string | undefined,
      spring: string | undefined,
      plain: string | undefined,
    ) => lookup(braced ?? plain ?? "") ?? shell ?? spring ?? whole,
  );
}
