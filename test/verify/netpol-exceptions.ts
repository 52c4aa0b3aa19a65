/** Cases of the analyser that are not compared, each with the reason. The list may only become shorter. */
export const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    "semanticDiff-same-topologies-illegal-podlist",
    "pods of one owner whose labels differ where a policy looks: the analyser gives up, here each pod is judged for itself",
  ],
  [
    "diff_between_onlineboutique_with_pods_severe_error_and_onlineboutique.txt",
    "a document of one side cannot be read: the analyser compares what is left, here every verdict of that side is unknown",
  ],
]);
