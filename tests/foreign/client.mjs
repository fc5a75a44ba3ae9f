// zksync-ethers against a devnet: deposits the base token and another token, withdraws both, finalizes both.
// Prints one JSON object of what it saw.
import { JsonRpcProvider } from 'ethers';
import { Provider, Wallet, utils } from 'zksync-ethers';

const [l1Url, l2Url, key, token] = process.argv.slice(2);
// blocks here follow one another faster than ethers' cache of 250 ms forgets
const options = { pollingInterval: 50, cacheTimeout: -1 };
const l1 = new JsonRpcProvider(l1Url, undefined, options);
const l2 = new Provider(l2Url, undefined, options);
const wallet = new Wallet(key, l2, l1);
const seen = {};
const ether = 10n ** 18n;

const base = await wallet.getBaseToken();
const isEther = base === utils.ETH_ADDRESS_IN_CONTRACTS;
const approvals = { approveERC20: true, approveBaseERC20: true };
const first = await wallet.deposit({ token: base, amount: ether, ...(isEther ? {} : approvals) });
seen.baseStatus = (await first.wait()).status;
seen.baseArrived = (await wallet.getBalance(utils.L2_BASE_TOKEN_ADDRESS)) >= ether;

const second = await wallet.deposit({ token, amount: 12345n, ...(isEther ? { approveERC20: true } : approvals) });
seen.tokenStatus = (await second.wait()).status;
const l2Token = await l2.l2TokenAddress(token);
seen.l2TokenBalance = await wallet.getBalance(l2Token);

const withdrawal = await wallet.withdraw({ token: utils.L2_BASE_TOKEN_ADDRESS, amount: ether / 10n });
seen.type = withdrawal.type;
await withdrawal.waitFinalize();
const before = await wallet.getBalanceL1(base);
const paid = await (await wallet.finalizeWithdrawal(withdrawal.hash)).wait();
seen.baseBack = (await wallet.getBalanceL1(base)) - before + (isEther ? paid.gasUsed * paid.gasPrice : 0n);
seen.finalized = await wallet.isWithdrawalFinalized(withdrawal.hash);

const back = await wallet.withdraw({ token: l2Token, amount: 345n });
await back.waitFinalize();
const tokenBefore = await wallet.getBalanceL1(token);
await (await wallet.finalizeWithdrawal(back.hash)).wait();
seen.tokenBack = (await wallet.getBalanceL1(token)) - tokenBefore;

console.log(JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
process.exit(0);
