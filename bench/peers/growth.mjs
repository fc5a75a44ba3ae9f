// The canonical L2 hash by ethers, for calldata of several sizes. Reads {seconds, sizes, from, to}, prints [us, ...].
import { readFileSync } from "node:fs";
import { AbiCoder, keccak256 } from "ethers";

const work = JSON.parse(readFileSync(0, "utf8"));
const coder = AbiCoder.defaultAbiCoder();
const CANONICAL = `tuple(${"uint256,".repeat(10)}uint256[4],bytes,bytes,uint256[],bytes,bytes)`;
const us = work.sizes.map((data) => {
  const head = [255, BigInt(work.from), BigInt(work.to), 1_200_000, 800, 250_000_000, 0, 0, 4711, 10n ** 17n];
  const values = [...head, [2n * 10n ** 17n, BigInt(work.from), 0, 0], data, "0x", [], "0x", "0x"];
  for (let i = 0; i < 5; i++) keccak256(coder.encode([CANONICAL], [values]));
  let loops = 0;
  const start = performance.now();
  for (; performance.now() - start < 1e3 * work.seconds || loops < 5; loops++) {
    keccak256(coder.encode([CANONICAL], [values]));
  }
  return ((performance.now() - start) * 1e3) / loops;
});
console.log(JSON.stringify(us));
