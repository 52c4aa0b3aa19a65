/**
 * The TLS of one workload's proxy: its own credential, whom it trusts, and every connection whose other end it has
 * proven. A withdrawn identity is refused at its next handshake and the connections it has are cut; a renewed
 * credential serves new connections, and established ones go on.
 *
 * Sessions are not resumed: a resumed session skips the certificate, and with it the withdrawal check.
 */
import { constants } from "node:crypto";
import { connect, createSecureContext, type SecureContext, type TLSSocket, type TlsOptions } from "node:tls";
import {
  type CurrentCredential,
  derOf,
  isWithdrawn,
  parseTrustDomain,
  type Svid,
  type TrustDomain,
  verifySvid,
  type Withdrawals,
} from "../../identity/index.js";

/** What verifiers trust; replaced as a whole. */
export interface Trust {
  /** PEM, of the authorities of the trust domain */
  readonly authorities: readonly string[];
  readonly withdrawals: Withdrawals;
}

export interface MutualTlsOptions {
  readonly trustDomain: string;
  readonly credential: CurrentCredential;
  readonly trust: Trust;
  readonly handshakeMs: number;
  readonly now?: () => number;
}

/**
 * The proven identity stands on the socket itself: HTTP/2 shows its socket only through an object that stands in front of
 * it, which hands properties on and is another object to any map.
 */
const PROVEN = Symbol("proven identity");
interface Marked {
  [PROVEN]?: Svid;
}

interface Server {
  setSecureContext(options: TlsOptions): void;
}

export class MutualTls {
  readonly #trustDomain: TrustDomain;
  readonly #handshakeMs: number;
  readonly #now: () => number;
  readonly #servers = new Set<Server>();
  readonly #proven = new Map<TLSSocket, Svid>();
  #credential: CurrentCredential;
  #trust: Trust;
  #authorities: readonly Buffer[];
  #clientContext: SecureContext;

  constructor(options: MutualTlsOptions) {
    this.#trustDomain = parseTrustDomain(options.trustDomain);
    this.#handshakeMs = options.handshakeMs;
    this.#now = options.now ?? Date.now;
    this.#credential = options.credential;
    this.#trust = options.trust;
    this.#authorities = options.trust.authorities.map(derOf);
    this.#clientContext = createSecureContext(this.#contextOptions());
  }

  /** Options of a server that asks for a certificate; `mutual` refuses clients without one of a trusted authority. */
  serverOptions(client: "mutual" | "optional", alpn: string): TlsOptions {
    return {
      ...this.#contextOptions(),
      requestCert: true,
      rejectUnauthorized: client === "mutual",
      ALPNProtocols: [alpn],
      handshakeTimeout: this.#handshakeMs,
      noDelay: true,
    } as TlsOptions;
  }

  /** Keeps a server's certificate and trust current until it is removed. */
  keepCurrent(server: Server): () => void {
    this.#servers.add(server);
    return () => this.#servers.delete(server);
  }

  renew(credential: CurrentCredential): void {
    this.#credential = credential;
    this.#apply();
  }

  /** Replaces what is trusted and cuts every connection whose other end no longer is. */
  trust(trust: Trust): void {
    this.#trust = trust;
    this.#authorities = trust.authorities.map(derOf);
    this.#apply();
    for (const [socket, svid] of this.#proven) if (isWithdrawn(svid, trust.withdrawals)) socket.destroy();
  }

  /**
   * Proves who is at the other end of a connection.
   * @throws IDENTITY_SVID, IDENTITY_REVOKED
   */
  prove(socket: TLSSocket, use: "clientAuth" | "serverAuth"): Svid {
    const leaf = socket.getPeerX509Certificate();
    const svid = verifySvid(leaf === undefined ? [] : [leaf.raw], {
      trustDomain: this.#trustDomain,
      authorities: this.#authorities,
      use,
      now: new Date(this.#now()),
      isRevoked: (candidate) => isWithdrawn(candidate, this.#trust.withdrawals),
    });
    (socket as Marked)[PROVEN] = svid;
    this.#proven.set(socket, svid);
    socket.once("close", () => this.#proven.delete(socket));
    return svid;
  }

  /** The proven identity of a connection while it is valid: not past its end, not withdrawn. */
  provenOf(socket: object): Svid | undefined {
    const svid = (socket as Marked)[PROVEN];
    if (svid === undefined || this.#now() > svid.notAfter.getTime()) return undefined;
    return isWithdrawn(svid, this.#trust.withdrawals) ? undefined : svid;
  }

  /**
   * Connects to a workload's proxy and proves that it is the one that was meant.
   * @throws when it cannot be reached in time, or is somebody else
   */
  connect(
    address: { readonly host: string; readonly port: number },
    expected: string,
    alpn: string,
  ): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: address.host,
        port: address.port,
        secureContext: this.#clientContext,
        ALPNProtocols: [alpn],
        minVersion: "TLSv1.3",
        rejectUnauthorized: true,
        // Identities are URIs, which host name checks know nothing of: the SVID is judged below, on every connection.
        checkServerIdentity: () => undefined,
      });
      // TLS records of a head and its body must not wait for each other's acknowledgement.
      socket.setNoDelay(true);
      socket.setTimeout(this.#handshakeMs, () => socket.destroy(new Error("the destination did not answer in time")));
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        try {
          const svid = this.prove(socket, "serverAuth");
          if (svid.id.uri !== expected) throw new Error(`\`${svid.id.uri}\` answered where \`${expected}\` was meant`);
          if (socket.alpnProtocol !== alpn) throw new Error("the destination speaks another protocol");
        } catch (error) {
          socket.destroy();
          reject(error);
          return;
        }
        socket.setTimeout(0);
        socket.removeListener("error", reject);
        resolve(socket);
      });
    });
  }

  #contextOptions(): TlsOptions {
    return {
      cert: this.#credential.certificatePem,
      key: this.#credential.keyPem,
      ca: [...this.#trust.authorities],
      minVersion: "TLSv1.3",
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    };
  }

  #apply(): void {
    this.#clientContext = createSecureContext(this.#contextOptions());
    for (const server of this.#servers) server.setSecureContext(this.#contextOptions());
  }
}
