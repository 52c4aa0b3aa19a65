/**
 * The certificate authority of one trust domain, in one file that is always whole: the certificates that verifiers
 * trust, the current signing key (sealed), and what was withdrawn.
 *
 * Withdrawal does not look at clocks, which jump. Every serial number begins with the authority's generation, which
 * each withdrawal advances; an identity that was withdrawn in generation n is refused with any serial of a generation
 * up to n, whenever it was issued and whether or not the authority remembers it.
 *
 * Private keys of workloads never come here: a workload's proxy makes its own key and hands over the public half.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { RingfenceError } from "../diagnostics/index.js";
import { writeWholeFile } from "../files/index.js";
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
  writeCertificate,
  writeName,
} from "./certificate.js";
import { SealedSchema, seal, unseal } from "./sealed.js";
import { parseTrustDomain, type SpiffeId, type TrustDomain } from "./spiffe-id.js";
import type { Svid } from "./svid.js";

/** The longest life of an SVID, in seconds. */
export const MAX_SVID_SECONDS = 3600;
const MIN_SVID_SECONDS = 10;
const AUTHORITY_DAYS = 365;
/** An authority whose certificate ends within this time gets a successor; the old one stays trusted until its end. */
const SUCCESSION_DAYS = 30;
const DAY_MS = 86_400_000;

const StateSchema = z.strictObject({
  format: z.literal("ringfence-authority-1"),
  trustDomain: z.string(),
  generation: z.int().min(1).max(0xffff_ffff),
  certificates: z.array(z.string()).min(1).max(8),
  key: SealedSchema,
  withdrawn: z.record(z.string(), z.int().min(1)),
  barred: z.array(z.string()),
});
type State = z.infer<typeof StateSchema>;

export interface AuthorityOptions {
  readonly path: string;
  readonly trustDomain: string;
  /** opens the sealed key; at least 16 bytes */
  readonly secret: Uint8Array;
  /** milliseconds since 1970 */
  readonly now?: () => number;
}

export interface IssueOptions {
  /** 10..3600 */
  readonly ttlSeconds?: number;
  /** further names for clients that know no SPIFFE (browsers, curl) */
  readonly dns?: readonly string[];
  readonly ip?: readonly Uint8Array[];
}

/** What verifiers need to know of withdrawals: `withdrawn` maps an identity to the last generation that is refused. */
export interface Withdrawals {
  readonly barred: readonly string[];
  readonly withdrawn: Readonly<Record<string, number>>;
}

export class Authority {
  readonly trustDomain: TrustDomain;
  readonly #path: string;
  readonly #now: () => number;
  readonly #key: KeyObject;
  #state: State;
  /** Writes happen one after the other, so that the file never goes back to an older state. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: AuthorityOptions, state: State, key: KeyObject) {
    this.trustDomain = parseTrustDomain(options.trustDomain);
    this.#path = options.path;
    this.#now = options.now ?? Date.now;
    this.#state = state;
    this.#key = key;
  }

  /**
   * Opens the authority of a file, or makes a new one where there is no file.
   * @throws IDENTITY_AUTHORITY when the file is damaged or of another trust domain; IDENTITY_SEALED; FILE_UNWRITABLE
   */
  static async open(options: AuthorityOptions): Promise<Authority> {
    if (options.secret.length < 16) throw broken(options.path, "its secret is shorter than 16 bytes");
    const now = options.now ?? Date.now;
    const text = await readIfThere(options.path);
    const trustDomain = parseTrustDomain(options.trustDomain);
    if (text === undefined) return Authority.#found(options, trustDomain, []);
    const state = parseState(options.path, text);
    if (state.trustDomain !== trustDomain) {
      throw broken(options.path, `it belongs to the trust domain \`${state.trustDomain}\``);
    }
    const certificates = state.certificates.map((pem) => new X509Certificate(pem));
    const [current] = certificates;
    const key = createPrivateKey({
      key: unseal(state.key, options.secret, purposeOf(trustDomain)),
      format: "der",
      type: "pkcs8",
    });
    if (current?.checkPrivateKey(key) !== true)
      throw broken(options.path, "its key and certificate do not belong together");
    const alive = certificates.filter((certificate) => Date.parse(certificate.validTo) > now());
    const isDue =
      Date.parse(current.validTo) - now() < SUCCESSION_DAYS * DAY_MS || now() < Date.parse(current.validFrom);
    if (isDue) {
      return Authority.#found(options, trustDomain, alive.map(String), state);
    }
    return new Authority(options, { ...state, certificates: alive.map(String) }, key);
  }

  /** Makes a new key and certificate; `elders` stay trusted beside it. */
  static async #found(
    options: AuthorityOptions,
    trustDomain: TrustDomain,
    elders: readonly string[],
    before?: State,
  ): Promise<Authority> {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    // A day back, so that a clock that is set back does not leave everyone without a valid authority. No workload's
    // certificate reaches back with it.
    const from = new Date(Math.floor((options.now ?? Date.now)() / 1000) * 1000 - DAY_MS);
    const spki = publicKey.export({ format: "der", type: "spki" });
    // A name of its own for each generation of the authority, so that a verifier picks the right one of several.
    const name = subjectOf(spki, trustDomain);
    const certificate = writeCertificate(
      {
        serial: Buffer.concat([Buffer.from([1]), randomBytes(15)]),
        issuer: name,
        subject: name,
        notBefore: from,
        notAfter: new Date(from.getTime() + AUTHORITY_DAYS * DAY_MS),
        publicKey: spki,
        extensions: [
          basicConstraints(true, 0),
          keyUsage("keyCertSign", "cRLSign"),
          subjectKeyIdentifier(keyIdentifier(spki)),
          subjectAltName({ uri: `spiffe://${trustDomain}` }),
        ],
      },
      privateKey,
    );
    const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" });
    const authority = new Authority(
      options,
      {
        format: "ringfence-authority-1",
        trustDomain,
        generation: before?.generation ?? 1,
        certificates: [toPem(certificate), ...elders].slice(0, 8),
        key: seal(pkcs8, options.secret, purposeOf(trustDomain)),
        withdrawn: before?.withdrawn ?? {},
        barred: before?.barred ?? [],
      },
      privateKey,
    );
    await authority.#save();
    return authority;
  }

  /** The certificates that verifiers of this trust domain trust, PEM, the current one first. */
  get bundle(): readonly string[] {
    return this.#state.certificates;
  }

  get withdrawals(): Withdrawals {
    return { barred: this.#state.barred, withdrawn: this.#state.withdrawn };
  }

  /**
   * Issues an X.509-SVID for `id` and the key whose SubjectPublicKeyInfo is given; PEM, leaf only.
   * @throws IDENTITY_FOREIGN_DOMAIN, IDENTITY_REVOKED for a barred identity, IDENTITY_ISSUE for an unfit key or life
   */
  issue(id: SpiffeId, publicKey: Uint8Array, options: IssueOptions = {}): string {
    const ttlSeconds = options.ttlSeconds ?? MAX_SVID_SECONDS;
    if (id.trustDomain !== this.trustDomain || id.path === "") {
      throw new RingfenceError({
        code: "IDENTITY_FOREIGN_DOMAIN",
        message: `\`${id.uri}\` is no workload's identity in the trust domain \`${this.trustDomain}\``,
      });
    }
    if (this.#state.barred.includes(id.uri)) throw withdrawnError(id.uri);
    if (!Number.isInteger(ttlSeconds) || ttlSeconds < MIN_SVID_SECONDS || ttlSeconds > MAX_SVID_SECONDS) {
      throw unfit(`a life of ${ttlSeconds} seconds is not within ${MIN_SVID_SECONDS} and ${MAX_SVID_SECONDS}`);
    }
    const spki = p256(publicKey);
    const [own = ""] = this.#state.certificates;
    const authority = new X509Certificate(own);
    const from = new Date(Math.floor(this.#now() / 1000) * 1000);
    const until = new Date(Math.min(from.getTime() + ttlSeconds * 1000, Date.parse(authority.validTo)));
    const authoritySpki = authority.publicKey.export({ format: "der", type: "spki" });
    const certificate = writeCertificate(
      {
        serial: this.#serial(),
        issuer: subjectOf(authoritySpki, this.trustDomain),
        subject: writeName("Ringfence"),
        notBefore: from,
        notAfter: until,
        publicKey: spki,
        extensions: [
          basicConstraints(false),
          keyUsage("digitalSignature"),
          extendedKeyUsage("serverAuth", "clientAuth"),
          authorityKeyIdentifier(keyIdentifier(authoritySpki)),
          subjectKeyIdentifier(keyIdentifier(spki)),
          subjectAltName({
            uri: id.uri,
            ...(options.dns && { dns: options.dns }),
            ...(options.ip && { ip: options.ip }),
          }),
        ],
      },
      this.#key,
    );
    return toPem(certificate);
  }

  /**
   * Withdraws every SVID that `uri` has, at once, and issues no new one until {@link restore}.
   * @throws FILE_UNWRITABLE; the withdrawal then stands in this process all the same
   */
  async withdraw(uri: string): Promise<void> {
    const { generation, barred, withdrawn } = this.#state;
    this.#state = {
      ...this.#state,
      generation: generation + 1,
      barred: [...new Set([...barred, uri])].sort(),
      withdrawn: Object.fromEntries(Object.entries({ ...withdrawn, [uri]: generation }).sort()),
    };
    await this.#save();
  }

  /** Lets `uri` have new SVIDs again. Those from before the withdrawal stay refused. */
  async restore(uri: string): Promise<void> {
    this.#state = { ...this.#state, barred: this.#state.barred.filter((barred) => barred !== uri) };
    await this.#save();
  }

  #serial(): Buffer {
    const head = Buffer.alloc(5);
    head.writeUInt8(1, 0);
    head.writeUInt32BE(this.#state.generation, 1);
    return Buffer.concat([head, randomBytes(11)]);
  }

  #save(): Promise<void> {
    const content = `${JSON.stringify(this.#state, undefined, 2)}\n`;
    const write = this.#writing.then(() => writeWholeFile(this.#path, content));
    this.#writing = write.catch(() => undefined);
    return write;
  }
}

/** Whether an SVID was withdrawn: its identity is barred, or its serial is of a generation before the withdrawal. */
export function isWithdrawn(svid: Pick<Svid, "id" | "serial">, { barred, withdrawn }: Withdrawals): boolean {
  if (barred.includes(svid.id.uri)) return true;
  const last = Object.hasOwn(withdrawn, svid.id.uri) ? withdrawn[svid.id.uri] : undefined;
  if (last === undefined) return false;
  const serial = svid.serial.padStart(32, "0");
  // FAIL CLOSED: a serial of another shape is none of ours and counts as the oldest.
  if (serial.length !== 32 || !serial.startsWith("01")) return true;
  return Number.parseInt(serial.slice(2, 10), 16) <= last;
}

/** The DER of PEM certificates. */
export function derOf(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}

function subjectOf(spki: Buffer, trustDomain: TrustDomain): Buffer {
  return writeName("Ringfence", `${trustDomain} ${keyIdentifier(spki).toString("hex").slice(0, 12)}`);
}

/** RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key. */
function keyIdentifier(spki: Uint8Array): Buffer {
  return createHash("sha256").update(spki).digest().subarray(0, 20);
}

function p256(publicKey: Uint8Array): Buffer {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  } catch (cause) {
    throw unfit("the public key cannot be read", cause);
  }
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw unfit("the public key is not on the curve P-256");
  }
  return key.export({ format: "der", type: "spki" });
}

function toPem(certificate: Buffer): string {
  return new X509Certificate(certificate).toString();
}

function purposeOf(trustDomain: TrustDomain): string {
  return `ringfence authority key of ${trustDomain}`;
}

function parseState(path: string, text: string): State {
  try {
    return StateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw broken(path, "its content is not an authority's state", cause);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw broken(path, "it cannot be read", cause);
  }
}

function broken(path: string, reason: string, cause?: unknown): RingfenceError {
  return new RingfenceError(
    { code: "IDENTITY_AUTHORITY", message: `the authority \`${path}\` cannot be used: ${reason}` },
    cause === undefined ? {} : { cause },
  );
}

function unfit(reason: string, cause?: unknown): RingfenceError {
  return new RingfenceError(
    { code: "IDENTITY_ISSUE", message: `no identity can be issued: ${reason}` },
    cause === undefined ? {} : { cause },
  );
}

function withdrawnError(uri: string): RingfenceError {
  return new RingfenceError({ code: "IDENTITY_REVOKED", message: `the identity \`${uri}\` was withdrawn` });
}
