/** This machine's own issuers, in the place of those that the workflow declares. */
import { RingfenceError } from "../../diagnostics/index.js";
import { DevelopmentIssuer } from "../../identity/index.js";
import type { IdentityProvider, Policy } from "../../policy/index.js";
import type { IssuerConfig } from "../sidecar/index.js";
import type { TokenOrder } from "./options.js";

export class DevelopmentIssuers {
  readonly #issuers = new Map<string, DevelopmentIssuer>();

  /** Has one issuer for each identity provider of the policy. */
  async open(policy: Policy): Promise<void> {
    for (const { name, issuer } of policy.identities) {
      if (!this.#issuers.has(name)) this.#issuers.set(name, await DevelopmentIssuer.start({ issuer }));
    }
  }

  async close(): Promise<void> {
    for (const issuer of this.#issuers.values()) await issuer.close();
  }

  /** What sidecars need of a provider: its stand-in's keys, or where its own are found. */
  configOf({ name, issuer, audiences, jwksUri }: IdentityProvider): IssuerConfig {
    const development = this.#issuers.get(name);
    return {
      identity: name,
      issuer,
      audiences,
      ...(development === undefined ? (jwksUri === undefined ? {} : { jwksUri }) : { keys: development.keys }),
    };
  }

  /** Signs a token. @throws USAGE when there is none, or several to choose from */
  async token(policy: Policy, { roles, subject, identity, ttlSeconds }: TokenOrder): Promise<string> {
    const known = [...this.#issuers.keys()];
    const name = identity ?? (known.length === 1 ? known[0] : undefined);
    const issuer = this.#issuers.get(name ?? "");
    const provider = policy.identities.find((candidate) => candidate.name === name);
    if (issuer === undefined || provider === undefined) {
      throw new RingfenceError({
        code: "USAGE",
        message: known.length === 0 ? "no development issuer runs" : `name one of the identities ${known.join(", ")}`,
        hint: known.length === 0 ? "tokens come from the issuers that the workflow declares" : "use `--identity`",
      });
    }
    return issuer.issue({
      subject: subject ?? "developer",
      audience: provider.audiences[0] ?? "",
      roles,
      rolesPath: provider.roles ?? [],
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    });
  }
}
