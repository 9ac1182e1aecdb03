// SPDX-License-Identifier: Apache-2.0
// part of node.sh
const { Worker, isMainThread, parentPort } = require("worker_threads");
const { fork, spawnSync, execFileSync } = require("child_process");
function work(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (x * 1103515245 + 12345) % 2147483648;
  return x;
}
if (!isMainThread) {
  parentPort.postMessage(work(20000000));
} else if (process.argv[2] === "child") {
  process.send({ sum: work(5000000) });
  process.disconnect();
} else {
  const worker = new Worker(__filename);
  worker.on("message", (sum) => console.log("worker", sum));
  worker.on("exit", (status) => {
    console.log("worker ended", status);
    const child = fork(__filename, ["child"]);
    child.on("message", (message) => console.log("child", message.sum));
    child.on("exit", (status) => {
      console.log("child ended", status);
      const shell = spawnSync("sh", ["-c", "echo out; exit 4"]);
      console.log(shell.status, shell.stdout.toString().trim());
      console.log(execFileSync("sort", { input: "b\na\n" }).toString());
      process.on("SIGUSR2", () => {
        console.log("signal");
        require("fs").readFile("/proc/self/status", (error) => {
          console.log("read", error);
          setTimeout(() => process.exit(5), 50);
        });
      });
      process.kill(process.pid, "SIGUSR2");
      setInterval(() => work(100000), 5);
    });
  });
}
