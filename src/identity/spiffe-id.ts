/**
 * SPIFFE IDs, exactly as the specification spells them. Two programs that read one ID differently are a way in, so
 * nothing is repaired here: no lower-casing, no percent-decoding, no trimming. What the specification does not allow
 * is refused with a reason, and the canonical text is the only form that exists.
 *
 * @see SPIFFE-ID §2 (identity), §2.1 (trust domain), §2.2 (path), §2.3 (maximum length)
 */
import { RingfenceError } from "../diagnostics/index.js";

const SCHEME = "spiffe://";
/** Bytes; the alphabet is ASCII, so characters and bytes are one. */
const MAX_ID_LENGTH = 2048;
const MAX_TRUST_DOMAIN_LENGTH = 255;

declare const trustDomainBrand: unique symbol;
/** The name of one authority's namespace of identities, known to be well-formed. */
export type TrustDomain = string & { readonly [trustDomainBrand]: true };

/** An identity, known to be well-formed. `path` is empty for the trust domain's own ID, else it starts with `/`. */
export interface SpiffeId {
  readonly trustDomain: TrustDomain;
  readonly path: string;
  /** the whole ID, `spiffe://<trust domain><path>` */
  readonly uri: string;
}

/** The parts of a workload's identity; zone and workload are single path segments. */
export interface WorkloadIdentity {
  readonly trustDomain: string;
  readonly zone: string;
  readonly workload: string;
}

/** Why `text` is not a trust domain's name, or undefined when it is one. */
export function trustDomainProblem(text: string): string | undefined {
  if (text === "") return "a trust domain is not empty";
  if (text.length > MAX_TRUST_DOMAIN_LENGTH) return `a trust domain has at most ${MAX_TRUST_DOMAIN_LENGTH} characters`;
  if (!/^[a-z0-9._-]+$/.test(text)) return "a trust domain has only lower-case letters, digits, `.`, `-` and `_`";
  return undefined;
}

/**
 * Reads a trust domain's name.
 * @throws IDENTITY_SPIFFE_ID
 */
export function parseTrustDomain(text: string): TrustDomain {
  const problem = trustDomainProblem(text);
  if (problem !== undefined) throw refused(text, problem);
  return text as TrustDomain;
}

/** Why `text` is not a segment of a SPIFFE path (a zone's or workload's name in an identity), or undefined. */
export function pathSegmentProblem(text: string): string | undefined {
  if (text === "") return "a path segment is not empty";
  if (text === "." || text === "..") return "a path segment is not `.` or `..`";
  if (!/^[A-Za-z0-9._-]+$/.test(text)) return "a path segment has only letters, digits, `.`, `-` and `_`";
  return undefined;
}

/** Why `text` is not a SPIFFE ID, or undefined when it is one. */
export function spiffeIdProblem(text: string): string | undefined {
  if (text.length > MAX_ID_LENGTH) return `a SPIFFE ID has at most ${MAX_ID_LENGTH} characters`;
  if (!text.startsWith(SCHEME)) return "a SPIFFE ID starts with `spiffe://`";
  const { authority, segments } = split(text);
  const problem = trustDomainProblem(authority);
  if (problem !== undefined) return problem;
  for (const segment of segments) {
    const wrong = pathSegmentProblem(segment);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/**
 * Reads a SPIFFE ID.
 * @throws IDENTITY_SPIFFE_ID
 */
export function parseSpiffeId(text: string): SpiffeId {
  const problem = spiffeIdProblem(text);
  if (problem !== undefined) throw refused(text, problem);
  const { authority } = split(text);
  return Object.freeze({
    trustDomain: authority as TrustDomain,
    path: text.slice(SCHEME.length + authority.length),
    uri: text,
  });
}

/**
 * The identity of a workload, in the form that Istio gives its own: `spiffe://<trust domain>/ns/<zone>/sa/<workload>`.
 * @throws IDENTITY_SPIFFE_ID when a part is not what its place allows
 */
export function workloadId({ trustDomain, zone, workload }: WorkloadIdentity): SpiffeId {
  for (const segment of [zone, workload]) {
    const problem = pathSegmentProblem(segment);
    if (problem !== undefined) throw refused(segment, problem);
  }
  return parseSpiffeId(`${SCHEME}${parseTrustDomain(trustDomain)}/ns/${zone}/sa/${workload}`);
}

/** {@link workloadId} as text: what policies, certificates and decisions carry. */
export function spiffeId(identity: WorkloadIdentity): string {
  return workloadId(identity).uri;
}

/** Zone and workload of an ID of the form that {@link workloadId} makes; undefined for any other form. */
export function workloadOf(id: SpiffeId): { readonly zone: string; readonly workload: string } | undefined {
  const segments = id.path.split("/");
  const [root, ns, zone, sa, workload] = segments;
  if (segments.length !== 5 || root !== "" || ns !== "ns" || sa !== "sa") return undefined;
  return zone === undefined || workload === undefined ? undefined : { zone, workload };
}

/** Trust domain and path segments of a text that starts with the scheme; a trailing slash makes an empty segment. */
function split(text: string): { readonly authority: string; readonly segments: readonly string[] } {
  const [authority = "", ...segments] = text.slice(SCHEME.length).split("/");
  return { authority, segments };
}

function refused(text: string, problem: string): RingfenceError {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new RingfenceError({ code: "IDENTITY_SPIFFE_ID", message: `\`${shown}\` is no SPIFFE identity: ${problem}` });
}
