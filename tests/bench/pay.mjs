// The whole way of a payment: from an order in a journal over the bridge, WeChat Pay's simulator, her confirmation and the
// callback by the gateway to PAID in the bridge's store. All of it, the simulator too, is on this machine.
//   tests/bench/pay [ORDERS]     prints name=value
import { until } from '../system/stack.mjs';
import { MCHID, beginPaying } from '../system/wechatpays.mjs';

const orders = Number(process.argv[2] ?? 6000);
const paying = await beginPaying({ users: 50, balance: 1e12, settings: { bridge: { HUIGONG_PAY_PERSON_DAY: 1000000000, HUIGONG_PAY_DAY: 100000000000 } } });
const { pay, stack, people } = paying;
const count = async () => (await stack.query('bridge', 'SELECT count(*) AS n FROM payout WHERE state = 5'))[0].n;
// Each payee confirms a moment after she was asked to.
const waiting = new Set(), seen = new Set();
const confirming = setInterval(() => {
    for (const no of waiting)
        pay.transfers.confirm(no, MCHID);
    waiting.clear();
    for (const { path, status, body } of pay.ledger.slice(seen.size)) {
        seen.add(seen.size);
        if (path === 'transfer' && status === 200)
            waiting.add(body.out_bill_no);
    }
}, 20);
const began = performance.now();
for (let n = 0; n < orders; n++)
    paying.order(people[n % people.length], 100 + n % 900);
await until('all are paid', async () => await count() === orders, { ms: 300000, every: 200 });
const seconds = (performance.now() - began) / 1000;
console.log(`orders=${orders}`);
console.log(`payments_per_s=${(orders / seconds).toFixed(1)}`);
console.log(`requests=${pay.ledger.length}`);
console.log(`callbacks=${pay.callbacks.sent.length}`);
clearInterval(confirming);
await paying.close();
