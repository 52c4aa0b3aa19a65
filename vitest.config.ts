import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/engines/**", "test/differential/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts"],
      reporter: ["text-summary", "json-summary"],
      thresholds: {
        "src/workflow/**": { lines: 90, statements: 90 },
        "src/policy/**": { lines: 90, statements: 90 },
        "src/targets/**": { lines: 90, statements: 90 },
      },
    },
  },
});
