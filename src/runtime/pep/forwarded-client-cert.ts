import type { Svid } from "../../identity/index.js";

/**
 * Who called, in the form that Envoy gives to workloads behind a mesh, so that code that reads it there reads it here.
 * Identities hold no character that the form would have to quote (SPIFFE-ID §2), so none is quoted.
 * @see Envoy, HTTP connection manager: x-forwarded-client-cert
 */
export function forwardedClientCert(peer: Svid, own: string): string {
  return `By=${own};Hash=${peer.fingerprint};Subject="";URI=${peer.id.uri}`;
}
