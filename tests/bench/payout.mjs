// A run of payments: what comes between the second hand and the last purse, with all that WeChat Pay and the payees do in
// the simulator beside it on this machine, and what another call waits meanwhile.
//   tests/bench/payout [--orders N]     prints name=value
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Http } from '../system/http.mjs';
import { mint, person, rosterCsv, unionCoded, unionsCsv } from '../system/people.mjs';
import { until } from '../system/stack.mjs';
import { MCHID, beginPaying } from '../system/wechatpays.mjs';

const RATE = 100, USERS = 50, FEN = 100, PAUSE_MS = 20, DAY = 864e5;
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

/** Others, each call a moment after the last, in a thread of their own until they are told to stop: what each took. */
async function others({ port, calls }) {
    const http = new Http({ port }), took = [];
    let over = false;
    parentPort.once('message', () => { over = true; });
    for (let n = 0; !over; n++) {
        const [method, path, token, body] = calls[n % calls.length], began = performance.now();
        const { status, text } = await http.request(method, path, { token, body });
        took.push(performance.now() - began);
        if (status >= 300)
            throw new Error(`${path}: ${text}`);
        await pause(PAUSE_MS);
    }
    http.close();
    parentPort.postMessage(took);
}

async function main(orders) {
    const paying = await beginPaying({
        users: USERS, balance: 1e12, standIn: false,
        settings: { bridge: { HUIGONG_PAY_RATE: RATE, HUIGONG_PAY_PERSON_DAY: 1000000000, HUIGONG_PAY_DAY: 100000000000 } },
    });
    const { pay, stack, people } = paying;
    const ok = ({ status, json, text }) => {
        if (status >= 300)
            throw new Error(text);
        return json;
    };
    await stack.import('unions', unionsCsv());
    const city = await unionCoded(stack, '440600');
    const office = (memberId, role) => mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] });
    const manager = (memberId) => ({ token: office(memberId, 'BENEFIT_MANAGER') }), finance = (memberId) => ({ token: office(memberId, 'FINANCE') });
    const roster = people.map((_, n) => person(700 + n));
    await stack.import('roster', rosterCsv(roster));
    await Promise.all(people.map(async (who, n) => {
        const { name, residentId } = roster[n];
        who.token = ok(await stack.post('/v1/me:verify', { name, residentId }, { token: who.token })).token;
    }));
    const money = String(orders * FEN);
    const { fundId } = await until('the union is known', async () => {
        const proposed = await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '学历补贴', fen: money }, { ...finance(931), key: 'fund' });
        return proposed.status === 201 && proposed.json;
    });
    ok(await stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, finance(932)));
    const scheme = {
        unionId: city.unionId, title: '学历补贴', basis: '取得大专以上学历的会员。', once: 'ONCE_ANY', amount: { fen: String(FEN) },
        fields: [{ name: 'why', label: '说明', kind: 'TEXT' }], steps: [{ title: '复核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }],
        opensAt: new Date(Date.now() - 1000).toISOString(), closesAt: new Date(Date.now() + DAY).toISOString(), funding: { fundId, fen: money },
        selection: { kind: 'ALL' }, showing: { workingDays: 0 }, payment: { way: 'BY_WECHAT', scene: 'SCENE_SUBSIDY', report: ['学历补贴'], remark: '学历补贴' },
    };
    const { schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...manager(901), key: 'scheme' }));
    await until('the way is known', async () => (await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(901))).status === 200);
    ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(902)));

    // Each of them declares again and again, and two approve it.
    let first;
    for (let left = orders; left > 0; left -= USERS) {
        const decisions = await Promise.all(people.slice(0, left).map(async (who) => {
            const her = { token: who.token }, { applicationId } = ok(await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her));
            ok(await stack.post(`/v1/me/applications/${applicationId}:save`, { answers: [{ field: 'why', text: '本科毕业' }] }, her));
            ok(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, her));
            return { applicationId, verdict: 'APPROVE' };
        }));
        first ??= decisions[0].applicationId;
        for (const official of [911, 912])
            ok(await stack.post('/v1/applications:decide', { decisions }, manager(official)));
    }
    const status = async () => ok(await stack.get(`/v1/schemes/${schemeId}/selection`, finance(921)));
    await until('all are to be paid', async () => (await status()).payableFen === money, { ms: 120000, every: 200 });

    const { runId } = ok(await stack.post(`/v1/schemes/${schemeId}/runs`, {}, { ...finance(941), key: 'run' }));
    await until('its list is frozen', async () => ok(await stack.get(`/v1/runs/${runId}`, finance(941))).state === 'RUN_PREPARED', { ms: 120000, every: 100 });
    // Each payee confirms a moment after she was asked to.
    let seen = 0;
    const waiting = new Set();
    const confirming = setInterval(() => {
        for (const no of waiting)
            pay.transfers.confirm(no, MCHID);
        waiting.clear();
        for (; seen < pay.ledger.length; seen++) {
            const { path, status: said, body } = pay.ledger[seen];
            if (path === 'transfer' && said === 200)
                waiting.add(body.out_bill_no);
        }
    }, 20);
    const [she] = people, calls = [
        ['GET', `/v1/me/applications/${first}`, she.token], ['GET', `/v1/schemes/${schemeId}/selection`, finance(921).token],
        ['GET', '/v1/me/inbox', she.token], ['GET', `/v1/runs/${runId}`, finance(941).token], ['GET', '/v1/me/payouts', she.token],
    ];
    ok(await stack.post(`/v1/runs/${runId}:release`, {}, finance(941)));
    const began = performance.now();
    ok(await stack.post(`/v1/runs/${runId}:release`, {}, finance(942)));
    const worker = new Worker(new URL(import.meta.url), { workerData: { port: stack.port, calls } });
    const taken = new Promise((done, fail) => worker.once('message', done).once('error', fail));
    const floor = orders / RATE;
    await Promise.race([taken, until('all are paid', async () => (await status()).paidFen === money, { ms: 60000 + 5000 * floor, every: 500 })]);
    const seconds = (performance.now() - began) / 1000;
    worker.postMessage('over');
    const took = (await taken).sort((a, b) => a - b);
    clearInterval(confirming);
    console.log(`orders=${orders}`);
    console.log(`seconds=${seconds.toFixed(1)}`);
    console.log(`floor_ratio=${(seconds / floor).toFixed(3)}`);
    console.log(`requests=${pay.ledger.length}`);
    console.log(`bills=${pay.transfers.bills.size}`);
    console.log(`others=${took.length}`);
    console.log(`others_p50_ms=${took[Math.floor(took.length * 0.5)].toFixed(2)}`);
    console.log(`others_p99_ms=${took[Math.floor(took.length * 0.99)].toFixed(2)}`);
    await paying.close();
}

await (isMainThread ? main(Number(process.argv[2] ?? 19958)) : others(workerData));
