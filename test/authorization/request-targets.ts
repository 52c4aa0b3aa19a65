/** Request targets in every spelling that one reader takes for something else, and plain ones; the same at each run. */
const PIECES = [
  ..."abA1-._~!$&'()*+,;=:@/?%#\\ ",
  ..."%2e %2F %2f %5c %41 %73 %25 %2540 %3b %3B %2B %20 %00 %7f %1f %zz %c3%a9 %c3 %ed%a0%80 %c0%ae".split(" "),
  ..."%f0%9f%98%80 %f4%90%80%80 %e2%80%ae %ef%bc%8f %ef%bb%bf %c2%85 %e2%88%95 é .. . ; // /./ /../ /;/ /..;".split(
    " ",
  ),
];

export const TARGETS: readonly string[] = [
  "",
  "/",
  "*",
  "http://host/a",
  "//host/a",
  "/v1/claims/secret",
  "/v1/claims/%73ecret",
  "/v1/claims/secret/",
  `/${"a".repeat(8191)}`, // longer ones are for the proxies to refuse: they count bytes before they ask
  ...PIECES.flatMap((piece) => [`/a${piece}`, `/${piece}/b`, `/a/${piece}b?c=${piece}`]),
  ...Array.from({ length: 400 }, (_, i) => {
    let state = i * 2654435761 + 1;
    const next = () => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state >>> 8;
    };
    return `/${Array.from({ length: (i % 9) + 1 }, () => PIECES[next() % PIECES.length]).join("")}`;
  }),
];
