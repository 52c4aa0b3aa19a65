package ringfence.podsecurity

import data.lib.pod

# Pod Security Standards, level `restricted`, as of Kubernetes 1.37.

found := pod.pod(input.review.object)

spec := found.spec

containers := pod.containers(spec)

violation[{"msg": msg}] {
	problems[msg]
}

# FAIL CLOSED: an object in which no pod is found is refused.
problems["no pod was found in this object"] {
	not spec
}

windows {
	spec.os.name == "windows"
}

user_namespace {
	spec.hostUsers == false
}

problems[msg] {
	name := {"hostNetwork", "hostPID", "hostIPC"}[_]
	spec[name] == true
	msg := sprintf("%v must not be true", [name])
}

problems["hostProcess must not be true"] {
	pod.field(spec, ["securityContext", "windowsOptions", "hostProcess"], false) == true
}

problems[msg] {
	c := containers[_]
	pod.field(c, ["securityContext", "windowsOptions", "hostProcess"], false) == true
	msg := sprintf("container %v must not be a hostProcess", [c.name])
}

problems[msg] {
	c := containers[_]
	pod.field(c, ["securityContext", "privileged"], false) == true
	msg := sprintf("container %v must not be privileged", [c.name])
}

problems[msg] {
	c := containers[_]
	not windows
	not drops_all(c)
	msg := sprintf("container %v must drop the capability ALL", [c.name])
}

drops_all(c) {
	c.securityContext.capabilities.drop[_] == "ALL"
}

problems[msg] {
	c := containers[_]
	not windows
	added := c.securityContext.capabilities.add[_]
	added != "NET_BIND_SERVICE"
	msg := sprintf("container %v must not add the capability %v", [c.name, added])
}

problems[msg] {
	c := containers[_]
	not windows
	not pod.field(c, ["securityContext", "allowPrivilegeEscalation"], true) == false
	msg := sprintf("container %v must set allowPrivilegeEscalation to false", [c.name])
}

problems[msg] {
	volume := spec.volumes[_]
	not allowed_volume(volume)
	msg := sprintf("volume %v is of a type that is not allowed", [volume.name])
}

allowed_volume(volume) {
	kind := {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}[_]
	volume[kind]
	not reaches_host(volume)
}

# Two sources in one volume are no valid object; if one of them is the host's, the other is no excuse.
reaches_host(volume) {
	volume.hostPath
}

problems[msg] {
	c := containers[_]
	port := c.ports[_]
	pod.field(port, ["hostPort"], 0) != 0
	msg := sprintf("container %v must not use a host port", [c.name])
}

apparmor_allowed := {"RuntimeDefault", "Localhost"}

problems["the pod's AppArmor profile must be RuntimeDefault or Localhost"] {
	profile := spec.securityContext.appArmorProfile
	not apparmor_allowed[pod.field(profile, ["type"], "")]
}

problems[msg] {
	c := containers[_]
	profile := c.securityContext.appArmorProfile
	not apparmor_allowed[pod.field(profile, ["type"], "")]
	msg := sprintf("container %v must have the AppArmor profile RuntimeDefault or Localhost", [c.name])
}

problems[msg] {
	profile := found.metadata.annotations[key]
	startswith(key, "container.apparmor.security.beta.kubernetes.io/")
	not apparmor_annotation(profile)
	msg := sprintf("the annotation %v names a profile that is not allowed", [key])
}

apparmor_annotation(profile) {
	{"", "runtime/default"}[profile]
}

apparmor_annotation(profile) {
	startswith(profile, "localhost/")
}

selinux[options] {
	options := spec.securityContext.seLinuxOptions
}

selinux[options] {
	options := containers[_].securityContext.seLinuxOptions
}

problems["this SELinux type is not allowed"] {
	options := selinux[_]
	type := pod.field(options, ["type"], "")
	not {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}[type]
}

problems["an SELinux user or role must not be set"] {
	options := selinux[_]
	pod.field(options, [{"user", "role"}[_]], "") != ""
}

problems[msg] {
	c := containers[_]
	not {"", "Default"}[pod.field(c, ["securityContext", "procMount"], "")]
	msg := sprintf("container %v must use the default procMount", [c.name])
}

problems[msg] {
	sysctl := pod.field(spec, ["securityContext", "sysctls"], [])[_]
	not safe_sysctls[sysctl.name]
	msg := sprintf("the sysctl %v is not allowed", [sysctl.name])
}

safe_sysctls := {
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
}

problems["runAsNonRoot must not be false"] {
	not user_namespace
	pod.field(spec, ["securityContext", "runAsNonRoot"], true) == false
}

problems[msg] {
	not user_namespace
	c := containers[_]
	of_pod := pod.field(spec, ["securityContext", "runAsNonRoot"], false)
	not pod.field(c, ["securityContext", "runAsNonRoot"], of_pod) == true
	msg := sprintf("container %v must run as non-root", [c.name])
}

problems["runAsUser must not be 0"] {
	not user_namespace
	pod.field(spec, ["securityContext", "runAsUser"], 1) == 0
}

problems[msg] {
	not user_namespace
	c := containers[_]
	pod.field(c, ["securityContext", "runAsUser"], 1) == 0
	msg := sprintf("container %v must not run as the user 0", [c.name])
}

seccomp_allowed := {"RuntimeDefault", "Localhost"}

problems["the pod's seccomp profile must be RuntimeDefault or Localhost"] {
	not windows
	type := spec.securityContext.seccompProfile.type
	not seccomp_allowed[type]
}

problems[msg] {
	not windows
	c := containers[_]
	of_pod := pod.field(spec, ["securityContext", "seccompProfile", "type"], "")
	not seccomp_allowed[pod.field(c, ["securityContext", "seccompProfile", "type"], of_pod)]
	msg := sprintf("container %v must have the seccomp profile RuntimeDefault or Localhost", [c.name])
}

problems[msg] {
	c := array.concat(object.get(spec, "containers", []), object.get(spec, "initContainers", []))[_]
	handler := {
		["livenessProbe"], ["readinessProbe"], ["startupProbe"],
		["lifecycle", "postStart"], ["lifecycle", "preStop"],
	}[_]
	how := {"httpGet", "tcpSocket"}[_]
	pod.field(c, array.concat(handler, [how, "host"]), "") != ""
	msg := sprintf("container %v must not probe another host", [c.name])
}
