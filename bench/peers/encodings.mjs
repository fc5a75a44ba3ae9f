// The work of bench/encodings.py by ethers and zksync-ethers. Reads {seconds, work}, then names: for each
// it prints {peer, result, us}, the microseconds of CPU time that one run takes.
import { createInterface } from "node:readline";
import { AbiCoder, JsonRpcProvider, Network, SigningKey, Transaction, TypedDataEncoder, decodeRlp, encodeRlp, keccak256 } from "ethers";
import { EIP712Signer, utils } from "zksync-ethers";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { seconds, work } = JSON.parse((await lines.next()).value);
const coder = AbiCoder.defaultAbiCoder();
const CANONICAL = `tuple(${"uint256,".repeat(10)}uint256[4],bytes,bytes,uint256[],bytes,bytes)`;
const key = new SigningKey(work.key);
const { domain, types, message } = work.typed;
const mainnet = Network.from(1);
const provider = new JsonRpcProvider("http://127.0.0.1:1", mainnet, { staticNetwork: mainnet });
const signed = { ...work.tx_0x71, customData: { ...work.tx_0x71.customData, customSignature: work.signature } };

// microseconds of CPU, of all threads: the compiler's and the collector's are part of the price
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const tasks = {
  canonical_hash: ["ethers", () => keccak256(coder.encode([CANONICAL], [work.canonical]))],
  digest_0x71: ["zksync-ethers", () => EIP712Signer.getSignedDigest(work.tx_0x71)],
  digest_1559: ["ethers", () => Transaction.from(work.tx_1559).unsignedHash],
  parse_1559: ["ethers", () => Transaction.from(work.raw_1559).nonce],
  eip712_digest: ["ethers", () => TypedDataEncoder.hash(domain, types, message)],
  rlp_encode: ["ethers", () => keccak256(encodeRlp(work.rlp))],
  rlp_decode: ["ethers", () => decodeRlp(work.rlp_bytes).length],
  serialize_0x71: ["zksync-ethers", () => utils.serializeEip712(signed)],
  parse_0x71: ["zksync-ethers", () => utils.parseEip712(work.raw_0x71).nonce],
  receipt: ["ethers", () => provider._wrapTransactionReceipt(JSON.parse(work.receipt), mainnet).logs.length],
  signer: ["zksync-ethers", () => key.sign(EIP712Signer.getSignedDigest(work.tx_0x71)).serialized.slice(0, 130)],
  sign: ["ethers", () => key.sign(work.digest).serialized.slice(0, 130)],
};

const warm = new Set(); // what the just-in-time compiler has seen enough of
for await (const name of lines) {
  const [peer, task] = tasks[name] ?? [];
  if (!peer) {
    console.log("null");
    continue;
  }
  const result = String(task());
  if (!warm.has(name)) for (const start = performance.now(); performance.now() - start < 300; ) task();
  warm.add(name);
  let [loops, us] = [1, 0];
  while (us < 1e6 * seconds) {
    loops *= 2;
    const start = cpu();
    for (let i = 0; i < loops; i++) task();
    us = cpu() - start;
  }
  console.log(JSON.stringify({ peer, result, us: us / loops }));
}
process.exit(0);
