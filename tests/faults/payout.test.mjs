// Subsidies on their way from an approval to her purse while subsidy, bridge, broker and gateway are killed at any step of
// it, by a provider that misbehaves: who was chosen is paid once, and the ledgers of both ends are equal to the fen.
//   SUBSIDY_KILLS=1000 node --test tests/faults/payout.test.mjs        (20 without it; HG_SEED repeats a run)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chance, mint, newSeed, person, rosterCsv, unionCoded, unionsCsv } from '../system/people.mjs';
import { until } from '../system/stack.mjs';
import { beginPaying } from '../system/wechatpays.mjs';
import { untilKnown } from './load.mjs';
import { TRANSFER_FAULTS } from './provider.mjs';

const KILLS = Number(process.env.SUBSIDY_KILLS ?? 20), USERS = 4, PLACES = 3, FUND = 100000000;
const KINDS = ['ALL', 'IN_ORDER', 'BY_LOT'], LIST_MS = 8000; // until those are chosen who are chosen from a list
const VICTIMS = ['subsidy', 'subsidy', 'subsidy', 'bridge', 'bridge', 'bridge', 'broker', 'gateway'];

/** Kills daemons: when a step begins, or at any moment between two. */
class Storm {
    killed = {};
    left = KILLS;

    constructor(stack, random, pause) {
        Object.assign(this, { stack, random, pause });
    }

    /** Somebody does the next thing. */
    step() {
        this.begun?.();
    }

    /** Goes on until it is told that all is over, or until nothing is left to be killed. */
    async rage() {
        this.on = true;
        while (this.on && this.left > 0) {
            await Promise.race([new Promise((begun) => { this.begun = begun; }), this.pause(this.random() * 1500)]);
            await this.pause(this.random() * 100);
            const victim = VICTIMS[Math.floor(this.random() * VICTIMS.length)];
            this.left--;
            this.killed[victim] = (this.killed[victim] ?? 0) + 1;
            await this.stack.restart(victim);
            if (this.random() < 0.7) // else the next dies beside it
                await this.stack.serves(victim);
        }
    }
}

test(`who was chosen is paid once over ${KILLS} kills`, async (t) => {
    const random = chance(newSeed()), pick = (list) => list[Math.floor(random() * list.length)];
    const pause = (ms) => new Promise((go) => setTimeout(go, ms));
    const paying = await beginPaying({ users: USERS, standIn: false, settings: { bridge: { HUIGONG_PAY_PERSON_DAY: 100000000 } } });
    const { stack, pay, people } = paying, storm = new Storm(stack, random, pause), { transfers, callbacks } = pay;
    let living = true, closed = false;
    t.after(async () => {
        living = storm.on = false;
        if (closed)
            return;
        if (!stack.over)
            stack.end();
        await Promise.all([paying.wechat.close(), pay.close()]);
    });
    const known = (request) => untilKnown(request, random);
    /** Done, now or before its answer was lost, which is told by one of these reasons. */
    const done = async (request, ...before) => {
        storm.step();
        const answer = await known(request);
        assert.ok(answer.status < 300 || before.includes(answer.json.reason), answer.text);
        return answer.json;
    };
    const seen = async (path, who) => {
        const answer = await known(() => stack.get(path, who));
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    };

    await stack.import('unions', unionsCsv());
    const city = await unionCoded(stack, '440600'), roster = people.map((_, n) => person(700 + n));
    const office = (memberId, role) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const manager = (memberId) => office(memberId, 'BENEFIT_MANAGER'), finance = (memberId) => office(memberId, 'FINANCE');
    const her = (who) => ({ token: who.token });
    await stack.import('roster', rosterCsv(roster));
    for (const [n, who] of people.entries()) {
        const { name, residentId } = roster[n];
        who.token = (await done(() => stack.post('/v1/me:verify', { name, residentId }, her(who)))).token;
    }
    const { fundId } = await until('the union is known', async () => {
        const proposed = await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '学历补贴', fen: String(FUND) }, { ...finance(931), key: 'fund' });
        return proposed.status === 201 && proposed.json;
    });
    await done(() => stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, finance(932)));

    /** A draft that two have opened; false: of a lot, whose draw must be known before anybody declares, and that is over. */
    async function opened(form, n) {
        const { schemeId } = await done(() => stack.post('/v1/schemes', { scheme: form }, { ...manager(901), key: `scheme-${n}` }));
        for (const official of [901, 902]) {
            const answer = await until('the way is known', async () => {
                const answered = await known(() => stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(official)));
                return answered.json.reason !== 'WAY_NOT_OPEN' && answered;
            });
            assert.ok(answer.status === 200 || answer.json.reason === 'DRAW_TOO_SOON', answer.text);
            if (answer.status !== 200)
                return false;
        }
        return schemeId;
    }

    const schemes = [];
    let drafts = 0;
    /** A scheme that is open, and all have declared. */
    async function open(kind) {
        const fen = 100 + Math.floor(random() * 900), at = (ms) => new Date(ms).toISOString(), listed = kind !== 'ALL';
        let schemeId = false, closesAt;
        for (let ahead = kind === 'BY_LOT' ? 1000 : 0; !schemeId; ahead *= 2) {
            const opensAt = Date.now() + ahead;
            closesAt = opensAt + (listed ? LIST_MS : 864e5);
            schemeId = await opened({
                unionId: city.unionId, title: '学历补贴', basis: '取得大专以上学历的会员。', once: 'ONCE_EVER', amount: { fen: String(fen) },
                fields: [{ name: 'why', label: '说明', kind: 'TEXT' }], steps: [{ title: '复核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }],
                opensAt: at(opensAt), closesAt: at(closesAt), funding: { fundId, fen: String(fen * (listed ? PLACES : USERS)) },
                selection: { kind, ...listed && { places: kind === 'BY_LOT' ? PLACES : 0, listAt: at(closesAt), until: at(closesAt + 864e5) } }, showing: { workingDays: 0 },
                payment: { way: 'BY_WECHAT', scene: 'SCENE_SUBSIDY', report: ['学历补贴'], remark: '学历补贴' },
            }, drafts++);
        }
        const scheme = { kind, fen, closesAt, schemeId, applications: [], runs: 0 };
        schemes.push(scheme);
        for (const who of people) {
            const begun = await until('it is time', async () => {
                const answer = await known(() => stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(who)));
                return (answer.status < 300 || answer.json.reason !== 'NOT_YET_TIME') && answer;
            });
            if (begun.status >= 300) { // this machine was too slow for it
                assert.equal(begun.json.reason, 'TIME_OVER', begun.text);
                break;
            }
            const { applicationId } = begun.json, mine = `/v1/me/applications/${applicationId}`;
            await done(() => stack.post(`${mine}:save`, { answers: [{ field: 'why', text: '本科毕业' }] }, her(who)));
            const { state } = await done(() => stack.post(`${mine}:submit`, {}, her(who)), 'TIME_OVER');
            if (state)
                scheme.applications.push({ who, applicationId });
        }
        return scheme;
    }

    async function approve({ applications }) {
        for (const { applicationId } of applications) {
            for (const official of [911, 912])
                await done(() => stack.post(`/v1/applications/${applicationId}:decide`, { verdict: 'APPROVE' }, manager(official)), 'NOT_IN_REVIEW', 'APPROVED_BY_YOU');
        }
    }

    /** One run: its list, the first hand, the second, its orders. */
    async function run(scheme) {
        const { schemeId } = scheme, key = `run-${schemeId}-${scheme.runs++}`;
        const { runId } = await done(() => stack.post(`/v1/schemes/${schemeId}/runs`, {}, { ...finance(941), key }), 'NOBODY_TO_PAY');
        const is = async (...states) => states.includes((await seen(`/v1/runs/${runId}`, finance(941))).state);
        if (!runId)
            return;
        await until('its list is frozen', () => is('RUN_PREPARED', 'RUN_DROPPED'));
        for (const official of [941, 942])
            await done(() => stack.post(`/v1/runs/${runId}:release`, {}, finance(official)), 'RUN_DECIDED');
        await until('all are ordered', () => is('RUN_UNDER_WAY', 'RUN_ENDED', 'RUN_DROPPED'));
    }

    const status = ({ schemeId }) => seen(`/v1/schemes/${schemeId}/selection`, finance(921));
    /** Runs of it until all who were chosen are paid. */
    async function payOut(scheme) {
        await until(`those chosen ${scheme.kind} are paid`, async () => {
            const { payableFen, inFlightFen, committedFen, paidFen } = await status(scheme);
            if (payableFen !== '0')
                await run(scheme);
            return payableFen === '0' && inFlightFen === '0' && committedFen === '0' && paidFen !== '0';
        }, { ms: 120000, every: 100 });
    }

    /** The world of the provider: bills get on, some are confirmed, some are not, and what was told is told again. */
    async function live() {
        while (living) {
            await pause(50 + random() * 200);
            if (!pay.faults.length && random() < 0.2 && storm.left > 0)
                pay.fault(pick(TRANSFER_FAULTS));
            Object.assign(transfers.ways, { first: random() < 0.3 ? 'ACCEPTED' : 'WAIT_USER_CONFIRM' });
            Object.assign(callbacks.ways, { times: random() < 0.3 ? 2 : 1, reversed: random() < 0.3 });
            transfers.work();
            for (const bill of [...transfers.bills.values()].filter(({ state }) => state === 'WAIT_USER_CONFIRM')) {
                if (random() < 0.2)
                    transfers.fail(bill, pick(['OVERDUE_CLOSE', 'PAYEE_ACCOUNT_ABNORMAL']));
                else if (random() < 0.7)
                    transfers.confirm(bill.out_bill_no);
            }
            await callbacks.deliver();
        }
    }

    const life = live();
    do {
        const made = [];
        for (const kind of KINDS)
            made.push(await open(kind));
        const [all, ...listed] = made;
        for (const scheme of listed)
            await approve(scheme);
        const inTime = listed.map(({ closesAt }) => Date.now() < closesAt), raging = storm.rage();
        await approve(all);
        await Promise.all(made.map(payOut));
        storm.on = false;
        storm.step();
        await raging;
        all.expected = USERS;
        listed.forEach((scheme, i) => { scheme.expected = inTime[i] && PLACES; });
        pay.faults.length = 0;
        await Promise.all(['broker', 'gateway', 'subsidy', 'bridge'].map((name) => stack.serves(name)));
    } while (storm.left > 0);
    living = false;
    await life;
    t.diagnostic(`killed ${JSON.stringify(storm.killed)}, ${transfers.bills.size} bills for ${schemes.length} schemes`);

    // Their ledger against ours.
    const bills = [...transfers.bills.values()], paid = bills.filter(({ state }) => state === 'SUCCESS');
    const [payouts, lines, [{ sum }]] = await Promise.all([
        stack.query('bridge', 'SELECT number, state, fen, CAST(order_id AS TEXT) AS order_id FROM payout'),
        stack.query('subsidy', 'SELECT CAST(application_id AS TEXT) AS application, state, fen, CAST(order_id AS TEXT) AS order_id FROM run_line WHERE order_id > 0'),
        stack.query('subsidy', 'SELECT sum(balance_fen) AS sum FROM account'),
    ]);
    const orderOf = new Map(payouts.map((one) => [one.number, one.order_id])), lineOf = new Map(lines.map((one) => [one.order_id, one]));
    assert.equal(sum, 0);
    assert.equal(orderOf.size, payouts.length, 'no number twice');
    assert.equal(new Set(payouts.map((one) => one.order_id)).size, payouts.length, 'one payout for each order');
    assert.deepEqual(new Set(payouts.map((one) => one.order_id)), new Set(lines.map((one) => one.order_id)), 'what was ordered is what came to the bridge');
    assert.equal(new Set(lines.map((one) => one.order_id)).size, lines.length, 'no order twice');
    for (const { out_bill_no: number, state, transfer_amount: fen } of bills) {
        const line = lineOf.get(orderOf.get(number));
        assert.equal(line?.fen, fen, `${number} is one of ours`);
        assert.equal(line.state === 4, state === 'SUCCESS', `${number}: ${state}, and the line says ${line.state}`);
    }
    for (const scheme of schemes) {
        let n = 0;
        for (const { who, applicationId } of scheme.applications) {
            const { state } = await seen(`/v1/me/applications/${applicationId}`, her(who));
            const hers = paid.filter(({ out_bill_no: number }) => lineOf.get(orderOf.get(number)).application === applicationId);
            assert.equal(hers.length, state === 'APPLICATION_PAID' ? 1 : 0, `${scheme.kind}: ${state}`);
            assert.ok(['APPLICATION_PAID', 'APPLICATION_WAITING', 'APPLICATION_NOT_CHOSEN'].includes(state), state);
            who.fen = (who.fen ?? 0) + hers.length * scheme.fen;
            n += hers.length;
        }
        if (scheme.expected)
            assert.equal(n, scheme.expected, scheme.kind);
        assert.equal((await status(scheme)).paidFen, String(n * scheme.fen));
    }
    for (const { openid, fen } of people)
        assert.equal(pay.purses.get(openid) ?? 0, fen);
    const { freeFen } = await seen(`/v1/subsidy-funds/${fundId}`, finance(921)), spent = people.reduce((all, { fen }) => all + fen, 0);
    assert.equal(payouts.filter(({ state }) => state === 5).reduce((all, { fen }) => all + fen, 0), spent, 'to the fen');
    const held = await Promise.all(schemes.map(status));
    assert.equal(Number(freeFen) + held.reduce((all, one) => all + Number(one.freeFen), 0), FUND - spent, 'and what the fund has left');
    assert.deepEqual(await paying.cases(), []);
    await paying.close();
    closed = true;
});
