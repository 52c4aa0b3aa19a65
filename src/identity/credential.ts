/**
 * A workload's own credential: its key pair, which never leaves this process, and the SVID it has for it now. Renewal
 * looks at the wall clock every few seconds instead of setting one long timer, because a machine that sleeps or whose
 * clock jumps would otherwise stand there with an expired SVID until the timer fires.
 */
import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";

/** Obtains a certificate (PEM) for a public key (SubjectPublicKeyInfo). */
export type IssueSvid = (publicKey: Buffer) => Promise<string>;

export interface CredentialOptions {
  readonly issue: IssueSvid;
  readonly now?: () => number;
  /** how often the clock is looked at, in milliseconds */
  readonly checkEveryMs?: number;
  readonly onRotated?: (credential: CurrentCredential) => void;
  readonly onFailed?: (error: unknown) => void;
}

export interface CurrentCredential {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export class Credential {
  readonly #options: CredentialOptions;
  #current: CurrentCredential;
  #timer: NodeJS.Timeout;
  #renewing = false;

  private constructor(options: CredentialOptions, current: CurrentCredential) {
    this.#options = options;
    this.#current = current;
    this.#timer = setInterval(() => void this.#check(), options.checkEveryMs ?? 5000);
    this.#timer.unref();
  }

  /** Makes a key, obtains the first SVID and keeps it fresh until {@link close}. */
  static async obtain(options: CredentialOptions): Promise<Credential> {
    return new Credential(options, await obtainOnce(options.issue));
  }

  get current(): CurrentCredential {
    return this.#current;
  }

  /** Obtains a new key and SVID now, e.g. after the authority has a successor. */
  async renew(): Promise<void> {
    this.#current = await obtainOnce(this.#options.issue);
    this.#options.onRotated?.(this.#current);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#renewing || !this.#isDue()) return;
    this.#renewing = true;
    try {
      await this.renew();
    } catch (error) {
      this.#options.onFailed?.(error);
    } finally {
      this.#renewing = false;
    }
  }

  /** After two thirds of its life, or when the clock stands outside it. */
  #isDue(): boolean {
    const now = (this.#options.now ?? Date.now)();
    const from = this.#current.notBefore.getTime();
    const until = this.#current.notAfter.getTime();
    return now < from || now >= from + ((until - from) * 2) / 3;
  }
}

async function obtainOnce(issue: IssueSvid): Promise<CurrentCredential> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificatePem = await issue(publicKey.export({ format: "der", type: "spki" }));
  return describe(certificatePem, privateKey);
}

function describe(certificatePem: string, privateKey: KeyObject): CurrentCredential {
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.checkPrivateKey(privateKey)) throw new Error("the certificate that was issued is for another key");
  return {
    certificatePem,
    keyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
  };
}
