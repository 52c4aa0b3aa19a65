import { defineConfig } from "vitest/config";

/** The tests against real engines: `npm run test:engines`. One at a time, since some of them start servers. */
export default defineConfig({
  test: {
    include: ["test/engines/**/*.test.ts", "test/differential/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
