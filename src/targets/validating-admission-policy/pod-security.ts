/**
 * Pod Security Standards, level `restricted`, as of Kubernetes 1.37, in CEL. The same checks as gatekeeper/rego/
 * pod-security.rego; each is an expression that must be true, with its message.
 */
export interface Validation {
  readonly expression: string;
  readonly message: string;
}

/** Variables that the expressions use. `pod` is where the object keeps its pod: `object`, `object.spec.template` … */
export function podVariables(pod: string): { readonly name: string; readonly expression: string }[] {
  return [
    { name: "meta", expression: `dyn(${pod}.?metadata.orValue({}))` },
    { name: "spec", expression: `dyn(${pod}.spec)` },
    // Every container: an init or ephemeral container runs code as well.
    {
      name: "containers",
      expression: lines(
        "variables.spec.containers.map(c, dyn(c))",
        "+ variables.spec.?initContainers.orValue([]).map(c, dyn(c))",
        "+ variables.spec.?ephemeralContainers.orValue([]).map(c, dyn(c))",
      ),
    },
    { name: "windows", expression: 'variables.spec.?os.name.orValue("") == "windows"' },
    { name: "userNamespace", expression: "variables.spec.?hostUsers.orValue(true) == false" },
  ];
}

const all = (condition: string) => `variables.containers.all(c, ${condition})`;
const own = (path: string, otherwise: string) => `c.?securityContext${path}.orValue(${otherwise})`;
const ofPod = (path: string, otherwise: string) => `variables.spec.?securityContext${path}.orValue(${otherwise})`;

const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
  "net.ipv4.tcp_slow_start_after_idle",
  "net.ipv4.tcp_notsent_lowat",
];
const PROFILES = '["RuntimeDefault", "Localhost"]';
const SELINUX = '["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"]';
const HANDLERS = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.?postStart", "lifecycle.?preStop"];

const selinuxOk = (options: string) =>
  `${options}.?type.orValue("") in ${SELINUX} && ${options}.?user.orValue("") == "" && ${options}.?role.orValue("") == ""`;

export const POD_SECURITY_VALIDATIONS: readonly Validation[] = [
  ...["hostNetwork", "hostPID", "hostIPC"].map((field) => ({
    expression: `variables.spec.?${field}.orValue(false) == false`,
    message: `${field} must not be true`,
  })),
  {
    expression: and(
      `!${ofPod(".?windowsOptions.?hostProcess", "false")}`,
      all(`!${own(".?windowsOptions.?hostProcess", "false")}`),
    ),
    message: "hostProcess must not be true",
  },
  { expression: all(`!${own(".?privileged", "false")}`), message: "no container may be privileged" },
  {
    expression: `variables.windows || ${all(`"ALL" in ${own(".?capabilities.?drop", "[]")}`)}`,
    message: "every container must drop the capability ALL",
  },
  {
    expression: `variables.windows || ${all(`${own(".?capabilities.?add", "[]")}.all(added, added == "NET_BIND_SERVICE")`)}`,
    message: "no container may add a capability other than NET_BIND_SERVICE",
  },
  {
    expression: `variables.windows || ${all(`${own(".?allowPrivilegeEscalation", "true")} == false`)}`,
    message: "every container must set allowPrivilegeEscalation to false",
  },
  {
    expression: `variables.spec.?volumes.orValue([]).all(v, (${VOLUMES.map((kind) => `has(v.${kind})`).join(" || ")}) && !has(v.hostPath))`,
    message: "a volume is of a type that is not allowed",
  },
  {
    expression: all("c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0)"),
    message: "no container may use a host port",
  },
  {
    expression: and(
      `!has(variables.spec.securityContext) || !has(variables.spec.securityContext.appArmorProfile) || variables.spec.securityContext.appArmorProfile.?type.orValue("") in ${PROFILES}`,
      all(
        `!has(c.securityContext) || !has(c.securityContext.appArmorProfile) || c.securityContext.appArmorProfile.?type.orValue("") in ${PROFILES}`,
      ),
      'variables.meta.?annotations.orValue({}).all(key, !key.startsWith("container.apparmor.security.beta.kubernetes.io/") || variables.meta.annotations[key] in ["", "runtime/default"] || variables.meta.annotations[key].startsWith("localhost/"))',
    ),
    message: "AppArmor profiles must be RuntimeDefault or Localhost",
  },
  {
    expression: and(
      `!has(variables.spec.securityContext) || !has(variables.spec.securityContext.seLinuxOptions) || (${selinuxOk("variables.spec.securityContext.seLinuxOptions")})`,
      all(
        `!has(c.securityContext) || !has(c.securityContext.seLinuxOptions) || (${selinuxOk("c.securityContext.seLinuxOptions")})`,
      ),
    ),
    message: "this SELinux type, user or role is not allowed",
  },
  {
    expression: all(`${own(".?procMount", '""')} in ["", "Default"]`),
    message: "every container must use the default procMount",
  },
  {
    expression: `${ofPod(".?sysctls", "[]")}.all(s, s.name in [${SYSCTLS.map((name) => `"${name}"`).join(", ")}])`,
    message: "a sysctl is not allowed",
  },
  {
    expression: `variables.userNamespace || (${and(`${ofPod(".?runAsNonRoot", "true")} == true`, all(`${own(".?runAsNonRoot", ofPod(".?runAsNonRoot", "false"))} == true`))})`,
    message: "every container must run as non-root",
  },
  {
    expression: `variables.userNamespace || (${and(`${ofPod(".?runAsUser", "1")} != 0`, all(`${own(".?runAsUser", "1")} != 0`))})`,
    message: "no container may run as the user 0",
  },
  {
    expression: `variables.windows || (${and(
      `${ofPod(".?seccompProfile.?type", '"RuntimeDefault"')} in ${PROFILES}`,
      all(`${own(".?seccompProfile.?type", ofPod(".?seccompProfile.?type", '""'))} in ${PROFILES}`),
    )})`,
    message: "every container must have the seccomp profile RuntimeDefault or Localhost",
  },
  {
    expression: all(
      HANDLERS.flatMap((handler) =>
        ["httpGet", "tcpSocket"].map((how) => `c.?${handler}.?${how}.?host.orValue("") == ""`),
      ).join(" && "),
    ),
    message: "no container may probe another host",
  },
];

function and(...conditions: readonly string[]): string {
  return conditions.map((condition) => `(${condition})`).join(" && ");
}

function lines(...parts: readonly string[]): string {
  return parts.join(" ");
}
