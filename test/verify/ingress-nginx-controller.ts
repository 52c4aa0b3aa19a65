/** The controller of ingress-nginx, as its installation runs it. */
import type { KubeObject } from "./deployed.js";

const labels = { "app.kubernetes.io/name": "ingress-nginx" };
const NAME = "ingress-nginx-controller";

export const NGINX_CONTROLLER: readonly KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "ingress-nginx", labels: { "kubernetes.io/metadata.name": "ingress-nginx" } },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "nginx" },
    spec: { controller: "k8s.io/ingress-nginx" },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: NAME, namespace: "ingress-nginx" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "controller",
              image: "registry.k8s.io/ingress-nginx/controller:v1.13.0",
              ports: [{ containerPort: 443 }],
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: "ingress-nginx" },
    spec: { type: "LoadBalancer", selector: labels, ports: [{ name: "https", port: 443, targetPort: 443 }] },
  },
];
