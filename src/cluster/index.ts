export {
  type AddressRange,
  ALL_V4,
  ALL_V6,
  formatAddress,
  formatRange,
  isV4,
  parseAddress,
  parseCidr,
} from "./address.js";
export type {
  AdminNetworkPolicy,
  AdminPeer,
  AdminPort,
  AdminRule,
  AdminSubject,
  BaselineAdminNetworkPolicy,
} from "./admin-network-policy.js";
export type { AdmissionPolicy, AdmissionPolicyBinding, AdmissionWebhook } from "./admission.js";
export { type Cluster, type ClusterOptions, type ClusterReading, readCluster, type Skipped } from "./cluster.js";
export type { ConfigMap, PersistentVolumeClaim, Secret, ServiceAccount, StorageClass } from "./config.js";
export { type ClusterEdit, editCluster } from "./edit.js";
export { readSources, type SourceReading } from "./files.js";
export type {
  BackendRef,
  Gateway,
  GatewayRoute,
  Listener,
  ParentRef,
  ReferenceGrant,
  RouteKind,
} from "./gateway-api.js";
export type { Ingress, IngressPath, Route, ServiceBackend } from "./ingress.js";
export type { ProxyExtension } from "./istio-extensions.js";
export type {
  ClientTlsMode,
  DestinationRule,
  IstioGateway,
  RouteDestination,
  ServiceEntry,
  Sidecar,
  TrafficPolicy,
  VirtualRoute,
  VirtualService,
  WorkloadEntry,
} from "./istio-networking.js";
export type {
  Attachment,
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
  JwtRule,
  MtlsMode,
  PeerAuthentication,
  RequestAuthentication,
  TargetRef,
} from "./istio-security.js";
export { readLiveSources } from "./live.js";
export type { ExtensionProvider, MeshConfig, PathNormalization } from "./mesh.js";
export { impliedNamespace, NAME_LABEL, type Namespace } from "./namespaces.js";
export type { IpBlock, NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule } from "./network-policy.js";
export { describeObject, type KubeObject, type Labels, type Origin, type Owner } from "./object.js";
export { podsMatching, type SelectedPod } from "./pod-index.js";
export {
  type Container,
  type ContainerPort,
  type ContainerRole,
  type EnvSource,
  type EnvVar,
  type KeyRef,
  type Pod,
  PROTOCOLS,
  type Protocol,
  portsNamed,
  readPod,
  servingContainers,
  type Volume,
} from "./pods.js";
export { type Endpoint, endpointsOf } from "./resolve.js";
export {
  type GatewayFilters,
  type NamedMatch,
  NO_CHANGE,
  type RouteChange,
  type RouteCondition,
  type TextMatch,
} from "./route-condition.js";
export {
  describeSelector,
  EVERYTHING,
  holds,
  type LabelSelector,
  matches,
  type Operator,
  type Requirement,
  selectorOfLabels,
} from "./selector.js";
export type { Service, ServicePort } from "./services.js";
export { BAD, Reading } from "./shape.js";
export { PRIMARY_NETWORK_LABEL, type UserNetwork } from "./user-network.js";
export type { Workload } from "./workloads.js";
