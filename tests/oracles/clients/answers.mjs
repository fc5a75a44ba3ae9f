// What zksync-ethers and viem make of the cases on stdin: a JSON array in, one of answers out, by client. "refused": it would not.
import { readFileSync } from 'node:fs';
import { ethers } from 'ethers';
import { hashTypedData } from 'viem';
import { sign } from 'viem/accounts';
import * as viem from 'viem/zksync';
import * as zk from 'zksync-ethers';

const { utils } = zk;
const hex = (bytes) => ethers.hexlify(bytes);
const ABI = [{ type: 'constructor', stateMutability: 'payable', inputs: [{ name: 'of', type: 'uint256' }, { name: 'more', type: 'bytes' }] }];

const paymaster = ({ paymaster: at, input }) => (at ? { paymaster: at, paymasterInput: input } : {});

const forEthers = (tx) => ({
  type: 113, from: tx.from, to: tx.to, nonce: tx.nonce, data: tx.data, value: BigInt(tx.value), chainId: tx.chainId,
  gasLimit: BigInt(tx.gas), maxFeePerGas: BigInt(tx.maxFee), maxPriorityFeePerGas: BigInt(tx.tip),
  customData: {
    gasPerPubdata: BigInt(tx.gasPerPubdata),
    factoryDeps: tx.deps,
    ...(tx.signature ? { customSignature: tx.signature } : {}),
    ...(tx.paymaster ? { paymasterParams: paymaster(tx) } : {}),
  },
});

const forViem = (tx) => ({
  type: 'eip712', from: tx.from, to: tx.to, nonce: tx.nonce, data: tx.data, value: BigInt(tx.value), chainId: tx.chainId,
  gas: BigInt(tx.gas), maxFeePerGas: BigInt(tx.maxFee), maxPriorityFeePerGas: BigInt(tx.tip),
  gasPerPubdata: BigInt(tx.gasPerPubdata), factoryDeps: tx.deps, ...paymaster(tx),
  ...(tx.signature ? { customSignature: tx.signature } : {}),
});

const asked = {
  hash: ({ bytecode }) => ({ 'zksync-ethers': () => hex(utils.hashBytecode(bytecode)), viem: () => hex(viem.hashBytecode(bytecode)) }),

  deployment: ({ bytecode, way, salt, of, more, deps }) => ({
    'zksync-ethers': async () => {
      const factory = new zk.ContractFactory(ABI, bytecode, undefined, way);
      const tx = await factory.getDeployTransaction(of, more, { customData: { salt, factoryDeps: deps } });
      return { data: tx.data, constructor: factory.interface.encodeDeploy([of, more]), deps: tx.customData.factoryDeps };
    },
    viem: () => ({ data: viem.encodeDeployData({ abi: ABI, args: [BigInt(of), more], bytecode, deploymentType: way, salt }) }),
  }),

  addresses: ({ sender, nonce, salt, hash, input }) => ({
    'zksync-ethers': () => [utils.createAddress(sender, nonce), utils.create2Address(sender, hash, salt, input)],
    ethers: () => [ethers.getCreateAddress({ from: sender, nonce }), ethers.getCreate2Address(sender, salt, hash)],
  }),

  paymaster: ({ token, allowance, inner }) => ({
    'zksync-ethers': () => [
      utils.getPaymasterParams(token, { type: 'General', innerInput: inner }).paymasterInput,
      utils.getPaymasterParams(token, { type: 'ApprovalBased', token, minimalAllowance: BigInt(allowance), innerInput: inner }).paymasterInput,
    ],
    viem: () => [
      viem.getGeneralPaymasterInput({ innerInput: inner }),
      viem.getApprovalBasedPaymasterInput({ token, minAllowance: BigInt(allowance), innerInput: inner }),
    ],
  }),

  transaction: (tx) => ({
    'zksync-ethers': () => [zk.EIP712Signer.getSignedDigest(forEthers(tx)), utils.serializeEip712(forEthers(tx))],
    viem: () => [hashTypedData(viem.chainConfig.custom.getEip712Domain(forViem(tx))), viem.serializeTransaction(forViem(tx))],
  }),

  // what several keys sign, one behind the other
  multisig: ({ digest, keys }) => ({
    'zksync-ethers': async () => utils.signPayloadWithMultipleECDSA(digest, keys),
    viem: async () => viem.toMultisigSmartAccount({ address: ethers.ZeroAddress, privateKeys: keys }).sign({ hash: digest }),
    ethers: async () => ethers.concat(await Promise.all(keys.map((privateKey) => sign({ hash: digest, privateKey, to: 'hex' })))),
  }),

  request: ({ chainId, mintValue, to, value, data, gas, gasPerPubdata, deps, refund }) => ({
    'zksync-ethers': () =>
      utils.BRIDGEHUB_ABI.encodeFunctionData('requestL2TransactionDirect', [
        [chainId, mintValue, to, value, data, gas, gasPerPubdata, deps, refund],
      ]),
  }),
};

const answers = [];
for (const { what, ...given } of JSON.parse(readFileSync(0))) {
  const answer = {};
  for (const [client, ask] of Object.entries(asked[what](given))) {
    try {
      answer[client] = await ask();
    } catch (error) {
      answer[client] = 'refused';
      answer.why = String(error).slice(0, 200);
    }
  }
  answers.push(answer);
}
console.log(JSON.stringify(answers));
