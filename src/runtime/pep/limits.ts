/** Every bound of a proxy in one place. Reaching one refuses the newcomer; what is under way goes on. */
export interface Limits {
  /** open connections a listener keeps */
  readonly connections: number;
  /** requests of one listener that wait for or talk to the workload behind it */
  readonly requestsUnderWay: number;
  /** connections to one destination */
  readonly upstreamConnections: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly handshakeMs: number;
  /** from the first byte of a request to the end of its head */
  readonly headMs: number;
  /** until a destination accepts a connection */
  readonly connectMs: number;
  /** from the end of a request to the head of its answer; model servers think */
  readonly answerMs: number;
  /** without a byte in either direction, once something streams */
  readonly silenceMs: number;
  /** a kept connection without a request */
  readonly keepAliveMs: number;
  readonly decisionMs: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  connections: 2048,
  requestsUnderWay: 1024,
  upstreamConnections: 256,
  headerBytes: 32 * 1024,
  bodyBytes: 64 * 1024 * 1024,
  handshakeMs: 5000,
  headMs: 10_000,
  connectMs: 5000,
  answerMs: 300_000,
  silenceMs: 300_000,
  keepAliveMs: 60_000,
  decisionMs: 1000,
});
