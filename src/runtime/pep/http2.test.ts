import { expect, it } from "vitest";
import { SessionPool } from "./http2.js";

it("a pool of sessions that has closed opens none", async () => {
  let dialled = 0;
  const pool = new SessionPool();
  await pool.close();
  const dial = (): Promise<never> => {
    dialled++;
    return Promise.reject(new Error("dialled"));
  };
  await expect(pool.session(dial)).rejects.toThrow("closing");
  expect(dialled).toBe(0);
});
