// The work of bench/encodings.py by ethers and zksync-ethers. Reads {rounds, seconds, work}, prints {name: {result, us}}.
import { readFileSync } from "node:fs";
import { AbiCoder, JsonRpcProvider, Network, SigningKey, Transaction, TypedDataEncoder, decodeRlp, encodeRlp, keccak256 } from "ethers";
import { EIP712Signer, utils } from "zksync-ethers";

const { rounds, seconds, work } = JSON.parse(readFileSync(0, "utf8"));
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

const measured = {};
for (const [name, [peer, task]] of Object.entries(tasks)) {
  const result = String(task());
  let loops = 1;
  for (let elapsed = 0; elapsed < seconds; loops *= 2) {
    const start = cpu();
    for (let i = 0; i < loops; i++) task();
    elapsed = (cpu() - start) / 1e6;
  }
  const us = [];
  for (let round = 0; round < rounds; round++) {
    const start = cpu();
    for (let i = 0; i < loops; i++) task();
    us.push((cpu() - start) / loops);
  }
  measured[name] = { peer, result, us };
}
console.log(JSON.stringify(measured));
process.exit(0);
