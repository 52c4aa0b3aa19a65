/** The pipeline that `ringfence init --ci` writes: the file is checked, the manifests are what it says, their tests pass. */

export const CI_SYSTEMS = ["github", "gitlab"] as const;
export type CiSystem = (typeof CI_SYSTEMS)[number];

export const CI_PATHS: Readonly<Record<CiSystem, string>> = {
  github: ".github/workflows/ringfence.yml",
  gitlab: ".gitlab-ci.ringfence.yml",
};

const FOLDER = "deploy/ringfence";

/** @param version of Ringfence that the pipeline runs */
export function ciTemplate(system: CiSystem, version: string): string {
  const run = `npx --yes ringfence@${version}`;
  const steps = [
    { name: "Check the workflow, and stop at findings of high severity", run: `${run} check --fail-on high` },
    { name: "The manifests are what the workflow says", run: `${run} compile -o ${FOLDER} --check` },
    {
      name: "The generated policies pass their tests",
      run: `${run} rego test ${FOLDER}/opa/bundle ${FOLDER}/opa/test`,
    },
  ];
  return system === "github" ? github(steps) : gitlab(steps);
}

type Steps = readonly { readonly name: string; readonly run: string }[];

function github(steps: Steps): string {
  return `# Ringfence: refuses a change that opens more than the workflow file says.
name: ringfence
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  ringfence:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-node@v4
        with:
          node-version: 22
${steps.map(({ name, run }) => `      - name: ${name}\n        run: ${run}\n`).join("")}`;
}

function gitlab(steps: Steps): string {
  return `# Ringfence: refuses a change that opens more than the workflow file says. In .gitlab-ci.yml:
#   include: [{ local: ${CI_PATHS.gitlab} }]
ringfence:
  image: node:22
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
${steps.map(({ name, run }) => `    # ${name}\n    - ${run}\n`).join("")}`;
}
