/** Parties outside the manifests: who calls in, and the services of others that workloads call. */
import type { Span } from "../diagnostics/index.js";
import type { Protocol } from "../workflow/index.js";
import { compare, labelOf, type NamePool } from "./inventory.js";

export interface DraftApi {
  readonly kind: "api";
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface DraftUsers {
  readonly kind: "users";
  readonly name: string;
  /** of an identity provider of the draft; undefined: anonymous */
  readonly identity: string | undefined;
}

export interface DraftIdentity {
  readonly name: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri: string | undefined;
  /** path of the claim with the roles */
  roles: readonly string[] | undefined;
  readonly place: () => Span;
}

export class OutsideParties {
  readonly #names: NamePool;
  readonly #apis = new Map<string, DraftApi>();
  readonly #users = new Map<string, DraftUsers>();

  constructor(names: NamePool) {
    this.#names = names;
  }

  api(host: string, port: number, protocol: Protocol): DraftApi {
    const key = `${host}:${port}`;
    const known = this.#apis.get(key);
    if (known !== undefined) return known;
    const label = labelOf(host.replace(/^\*\./, "any-"));
    const api = {
      kind: "api",
      name: this.#names.take(label, labelOf(`${label}-${port}`)),
      host,
      port,
      protocol,
    } as const;
    this.#apis.set(key, api);
    return api;
  }

  /** The people and programs that call in, with tokens of `identity` or without any. */
  users(identity?: string): DraftUsers {
    const known = this.#users.get(identity ?? "");
    if (known !== undefined) return known;
    const wanted = identity === undefined ? ["clients", "outside-clients"] : [`${identity}-users`];
    const users = { kind: "users", name: this.#names.take(...wanted), identity } as const;
    this.#users.set(identity ?? "", users);
    return users;
  }

  sorted(): readonly (DraftApi | DraftUsers)[] {
    const byName = (a: { name: string }, b: { name: string }) => compare(a.name, b.name);
    return [...[...this.#users.values()].sort(byName), ...[...this.#apis.values()].sort(byName)];
  }
}

/** Whether the workflow file takes it as a host. */
export function isHost(text: string): boolean {
  return (
    text.length <= 253 &&
    /^(?:\*\.)?(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
  );
}
