// As bench/clients/zkcore_client.py, by zksync-ethers: one JSON line a step, a line on stdin between two.
import { createInterface } from "node:readline/promises";
import { JsonRpcProvider } from "ethers";
import { Provider, Wallet } from "zksync-ethers";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const line = async () => (await lines.next()).value;
const tell = (row) => process.stdout.write(JSON.stringify(row) + "\n");
const job = JSON.parse(await line());

const fresh = () => {
  const options = { pollingInterval: 50 };
  const l2 = new Provider(job.l2, undefined, options);
  return [new Wallet(job.key, l2, new JsonRpcProvider(job.l1, undefined, options)), l2];
};
const step = async (name, act) => {
  tell({ ready: name });
  await line();
  const start = performance.now();
  try {
    const value = await act();
    tell({ step: name, ms: performance.now() - start });
    return value;
  } catch (error) {
    tell({ step: name, error: String(error.shortMessage ?? error.message).slice(0, 200) });
    return undefined;
  }
};

let deposit;
let [wallet, l2] = fresh();
for (const name of ["deposit ETH, cold", "deposit ETH, warm"]) {
  deposit = await step(name, () => wallet.deposit({ token: job.ether, amount: 10n ** 15n }));
  await deposit.wait();
}
await step("deposit status", () => l2.getTransactionStatus(deposit.hash));
await (await wallet.approveERC20(job.token, 10n ** 9n)).wait();
[wallet, l2] = fresh();
for (const name of ["deposit ERC-20, cold", "deposit ERC-20, warm"]) {
  deposit = await step(name, () => wallet.deposit({ token: job.token, amount: 1000n }));
  await deposit.wait();
}
const withdrawals = [];
for (let i = 0; i < 2; i++) {
  const withdrawal = await wallet.withdraw({ token: job.ether, amount: 10n ** 12n });
  await withdrawal.waitFinalize();
  withdrawals.push(withdrawal.hash);
}
await step("withdrawal status", () => wallet.isWithdrawalFinalized(withdrawals[0]));
[wallet, l2] = fresh();
for (const [i, name] of ["finalize, cold", "finalize, warm"].entries()) {
  const sent = await step(name, () => wallet.finalizeWithdrawal(withdrawals[i]));
  await sent?.wait();
}
process.exit(0);
