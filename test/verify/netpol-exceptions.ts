/** Cases of the analyser that are not compared, each with the reason. The list may only become shorter. */
const NETWORKS =
  "user-defined networks belong to one network plugin and are not modelled: verdicts about their pods are unknown";
const ILLEGAL_NETWORK = `${NETWORKS}; their own mistakes are therefore not looked for`;

export const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["udn_test_1", NETWORKS],
  ["udn_test_2", NETWORKS],
  ["udn_test_3", NETWORKS],
  ["udn_test_4", NETWORKS],
  ["udn_with_vm_and_ingress_controller", NETWORKS],
  ["udn_bad_path_test_1", ILLEGAL_NETWORK],
  ["udn_bad_path_test_2", ILLEGAL_NETWORK],
  ["udn_bad_path_test_5", ILLEGAL_NETWORK],
  ["udn_bad_path_test_6", ILLEGAL_NETWORK],
  ["udn_bad_path_test_7", ILLEGAL_NETWORK],
  [
    "semanticDiff-same-topologies-illegal-podlist",
    "pods of one owner whose labels differ where a policy looks: the analyser gives up, here each pod is judged for itself",
  ],
  [
    "diff_between_onlineboutique_with_pods_severe_error_and_onlineboutique.txt",
    "a document of one side cannot be read: the analyser compares what is left, here every verdict of that side is unknown",
  ],
]);
