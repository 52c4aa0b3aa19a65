/** What a hostile workload would try. Reports for each attempt whether it got there. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const targets = JSON.parse(process.env.TARGETS);
const files = JSON.parse(process.env.FILES);

const reach = (at) =>
  new Promise((resolve) => {
    const socket = connect(at);
    socket.setTimeout(1500, () => socket.destroy());
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });

function reachAbstract(name) {
  const program =
    "import socket,sys\ns=socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect('\\0'+sys.argv[1]); print(s.recv(10))";
  return spawnSync("python3", ["-c", program, name], { encoding: "utf8" }).stdout?.includes("reached") === true;
}

const result = { reached: {}, read: {}, signalled: {} };
for (const [name, at] of Object.entries(targets)) {
  result.reached[name] = at.abstract === undefined ? await reach(at) : reachAbstract(at.abstract);
}
for (const [name, path] of Object.entries(files)) {
  try {
    result.read[name] = path.endsWith("root") ? readdirSync(path).length >= 0 : readFileSync(path).length > 0;
  } catch {
    result.read[name] = false;
  }
}
for (const name of ["VICTIM", "SUPERVISOR"]) {
  try {
    process.kill(Number(process.env[name]), 0);
    // Only the one with that number outside is meant; inside, the number belongs to one of our own processes or nobody.
    const commands = readFileSync(`/proc/${process.env[name]}/cmdline`, "utf8");
    result.signalled[name] = /sleep|enclosure\.mjs/.test(commands);
  } catch {
    result.signalled[name] = false;
  }
}
result.ownCode = readFileSync(new URL("./service.txt", import.meta.url), "utf8");
result.ownData = (() => {
  try {
    writeFileSync(join(process.env.DATA, "result.txt"), "written");
    return true;
  } catch {
    return false;
  }
})();
result.writesCode = (() => {
  try {
    writeFileSync(new URL("./written-by-probe.txt", import.meta.url), "x");
    return true;
  } catch {
    return false;
  }
})();
result.newNamespace = spawnSync("unshare", ["-Ur", "true"]).status === 0;
result.capabilities = /CapEff:\s+([0-9a-f]+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
result.environment = Object.keys(process.env).sort();
result.processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length;
result.outward = await (await fetch("http://127.0.0.1:18080/")).text();

createServer((socket) => {
  socket.end("inward");
  socket.once("close", () => {
    console.log(JSON.stringify(result));
    process.exit(0);
  });
}).listen(18081, "127.0.0.1");
