// zksync-ethers' USDCBridge against the devnet's pair: deposits, withdraws and finalizes by it, and finalizes what another made.
// Prints one JSON object of what it saw.
import { JsonRpcProvider } from 'ethers';
import { Provider, USDCBridge, Wallet } from 'zksync-ethers';

const [l1Url, l2Url, key, l1Bridge, l2Bridge, l1Token, l2Token, another] = process.argv.slice(2);
const options = { pollingInterval: 50, cacheTimeout: -1 };
const l1 = new JsonRpcProvider(l1Url, undefined, options);
const l2 = new Provider(l2Url, undefined, options);
const wallet = new Wallet(key, l2, l1);
const bridge = new USDCBridge(wallet);
const seen = {};

const deposit = await bridge.deposit({ token: l1Token, amount: 12345n, bridgeAddress: l1Bridge, approveERC20: true });
seen.status = (await deposit.wait()).status;
seen.l2Hash = deposit.hash;
seen.arrived = await wallet.getBalance(l2Token);

const withdrawal = await bridge.withdraw({ token: l2Token, amount: 345n, bridgeAddress: l2Bridge, approveERC20: true });
seen.withdrawal = withdrawal.hash;
await withdrawal.waitFinalize();
const before = await wallet.getBalanceL1(l1Token);
await (await bridge.finalizeWithdrawal(l1Bridge, withdrawal.hash)).wait();
seen.back = (await wallet.getBalanceL1(l1Token)) - before;
seen.finalized = await bridge.isWithdrawalFinalized(l1Bridge, withdrawal.hash);
seen.anothersBefore = await bridge.isWithdrawalFinalized(l1Bridge, another);
const paid = await bridge.finalizeWithdrawal(l1Bridge, another);
seen.paid = (await paid.wait()).hash;

const left = await bridge.withdraw({ token: l2Token, amount: 1000n, bridgeAddress: l2Bridge, approveERC20: true });
await left.waitFinalize();
seen.left = left.hash; // for another to finalize

console.log(JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
process.exit(0);
