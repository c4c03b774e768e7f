// From a declaration to money in her wallet: a fund, a scheme by lot, reviews, the draw that anybody computes again,
// what the public sees, and a run of payments by WeChat, with the ledgers of both ends equal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, person, rosterCsv, unionCoded, unionsCsv } from './people.mjs';
import { until } from './stack.mjs';
import { beginPaying } from './wechatpays.mjs';

const FEN = 15000, PLACES = 3;

describe('from a declaration to money in her wallet', () => {
    let paying, stack, pay, people, city, fundId, schemeId, won, back;
    const office = (memberId, role) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const manager = (memberId) => office(memberId, 'BENEFIT_MANAGER'), finance = (memberId) => office(memberId, 'FINANCE');
    const her = (who) => ({ token: who.token });
    const hers = async (who) => (await stack.get(`/v1/me/applications/${who.applicationId}`, her(who))).json;
    const status = async () => (await stack.get(`/v1/schemes/${schemeId}/selection`, finance(921))).json;
    const ok = (answer, code = 200) => {
        assert.equal(answer.status, code, answer.text);
        return answer.json;
    };
    const ordered = async () => Object.fromEntries((await stack.query('bridge', 'SELECT CAST(order_id AS TEXT) AS order_id, number FROM payout')).map((one) => [one.order_id, one]));

    before(async () => {
        paying = await beginPaying({ users: PLACES + 2, standIn: false });
        ({ stack, pay, people } = paying);
        await stack.import('unions', unionsCsv());
        city = await unionCoded(stack, '440600');
        const roster = people.map((_, n) => person(700 + n)); // by whose numbers they have signed in
        await stack.import('roster', rosterCsv(roster));
        for (const [n, who] of people.entries()) {
            const { name, residentId } = roster[n];
            who.token = ok(await stack.post('/v1/me:verify', { name, residentId }, her(who))).token;
        }
    });
    after(() => paying.close());

    test('two of finance put money in place, and two officials open a scheme that is paid from it', async () => {
        const proposed = await until('the union is known', async () => {
            const answer = await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '学历补贴', fen: '1000000' }, { ...finance(931), key: 'fund' });
            return answer.status === 201 && answer.json;
        });
        ({ fundId } = proposed);
        assertProblem(await stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, finance(931)), 403, 'HANDS_SAME');
        assert.equal(ok(await stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, finance(932))).freeFen, '1000000');
        const opensAt = Date.now() + 3000, closesAt = opensAt + 20000, at = (ms) => new Date(ms).toISOString();
        const scheme = {
            unionId: city.unionId, title: '学历补贴', basis: '取得大专以上学历的会员，抽签发放。', once: 'ONCE_EVER', amount: { fen: String(FEN) },
            fields: [{ name: 'certificate', label: '证书编号', kind: 'CERTIFICATE' }],
            steps: [{ title: '市总工会复核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], opensAt: at(opensAt), closesAt: at(closesAt),
            funding: { fundId, fen: String(FEN * PLACES) }, selection: { kind: 'BY_LOT', places: PLACES, waiting: 1, listAt: at(closesAt), until: at(closesAt + 864e5) },
            showing: { workingDays: 0 }, payment: { way: 'BY_WECHAT', scene: 'SCENE_SUBSIDY', report: ['学历补贴'], remark: '学历补贴' },
            counts: { ceiling: { name: '普惠', fen: String(FEN) } },
        };
        ({ schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...manager(901), key: 'scheme' }), 201));
        // What the bridge carries is told in its journal.
        await until('the way is known', async () => (await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(901))).status === 200);
        assert.equal(ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(902))).state, 'SCHEME_OPEN');
        assert.equal((await status()).freeFen, String(FEN * PLACES));
    });

    test('they declare and are approved by two', async () => {
        for (const [i, who] of people.entries()) {
            const begun = await until('it is open', async () => {
                const answer = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(who));
                assert.ok(answer.status === 201 || answer.json.reason === 'NOT_YET_TIME', answer.text);
                return answer.status === 201 && answer.json;
            });
            who.applicationId = begun.applicationId;
            ok(await stack.post(`/v1/me/applications/${who.applicationId}:save`, { answers: [{ field: 'certificate', text: `ZS-2026-000${i}` }] }, her(who)));
            ok(await stack.post(`/v1/me/applications/${who.applicationId}:submit`, {}, her(who)));
            for (const official of [911, 912])
                ok(await stack.post(`/v1/applications/${who.applicationId}:decide`, { verdict: 'APPROVE' }, manager(official)));
            assert.equal((await hers(who)).state, 'APPLICATION_APPROVED');
        }
        assert.equal((await status()).nApproved, String(people.length));
    });

    test('the draw gives each place to one of them, and anybody computes it again', async () => {
        await until('it is drawn and those chosen are to be paid', async () => (await status()).payableFen === String(FEN * PLACES), { ms: 90000 });
        const states = await Promise.all(people.map(async (who) => (await hers(who)).state));
        assert.deepEqual([...states].sort(), ['APPLICATION_NOT_CHOSEN', ...Array(PLACES).fill('APPLICATION_PAYABLE'), 'APPLICATION_WAITING']);
        won = people.filter((_, i) => states[i] === 'APPLICATION_PAYABLE');
        let text = '', pageToken = '';
        do {
            const page = ok(await stack.get(`/v1/schemes/${schemeId}/draw-file?pageToken=${encodeURIComponent(pageToken)}`));
            text += page.text;
            pageToken = page.nextPageToken;
        } while (pageToken);
        const file = stack.path('draw.txt');
        writeFileSync(file, text);
        execFileSync(join(process.env.HG_BUILD, 'hg-draw'), ['verify', file]);
        const ticket = stack.path('ticket.txt');
        writeFileSync(ticket, ok(await stack.get(`/v1/me/applications/${won[0].applicationId}/ticket`, her(won[0]))).text);
        execFileSync(join(process.env.HG_BUILD, 'hg-draw'), ['receipt', ticket]);
        assert.equal(ok(await stack.get(`/v1/schemes/${schemeId}/notice`)).n, '0');
    });

    /** Released by two; resolves with the run once its orders are out. */
    async function run(key) {
        const { runId } = ok(await stack.post(`/v1/schemes/${schemeId}/runs`, {}, { ...finance(941), key }), 201);
        await until('its list is frozen', async () => (await stack.get(`/v1/runs/${runId}`, finance(941))).json.state === 'RUN_PREPARED');
        ok(await stack.post(`/v1/runs/${runId}:release`, {}, finance(941)));
        ok(await stack.post(`/v1/runs/${runId}:release`, {}, finance(942)));
        await until('all are ordered', async () => (await stack.get(`/v1/runs/${runId}`, finance(941))).json.state !== 'RUN_RELEASED');
        return runId;
    }
    const lines = async (runId) => (await stack.get(`/v1/runs/${runId}/lines`, finance(941))).json.lines ?? []; // none while it starts anew
    const isState = (runId, n, state) => until(`${n} are ${state}`, async () => {
        const found = (await lines(runId)).filter((line) => line.state === state);
        return found.length === n && found;
    });

    test('a run pays by WeChat, once each; what comes back is said in words', async () => {
        const runId = await run('first');
        const confirming = await isState(runId, PLACES, 'LINE_TO_CONFIRM'), orders = await ordered();
        assert.equal((await status()).inFlightFen, String(FEN * PLACES));
        await until('each of them is told to confirm it', async () => (await Promise.all(won.map(async (who) =>
            ok(await stack.get('/v1/me/inbox', her(who))).items.some(({ kind }) => kind === 'SUBSIDY_TO_CONFIRM')))).every(Boolean));
        for (const [i, line] of confirming.entries()) {
            const { number } = orders[line.orderId];
            if (i < PLACES - 1)
                pay.transfers.confirm(number);
            else
                pay.transfers.fail(pay.transfers.one(number), 'OVERDUE_CLOSE');
        }
        await isState(runId, PLACES - 1, 'LINE_PAID');
        const [line] = await isState(runId, 1, 'LINE_BACK');
        back = won.find(({ applicationId }) => applicationId === line.applicationId);
        const told = await hers(back);
        assert.equal(told.state, 'APPLICATION_PAYABLE');
        assert.match(told.paymentWords, /24小时/);
        assert.equal(ok(await stack.get(`/v1/runs/${runId}`, finance(941))).state, 'RUN_ENDED');
    });

    test('the next run takes what came back, through a restart', async () => {
        const runId = await run('second');
        await stack.restart('subsidy');
        const [line] = await isState(runId, 1, 'LINE_TO_CONFIRM');
        pay.transfers.confirm((await ordered())[line.orderId].number);
        await isState(runId, 1, 'LINE_PAID');
        assert.equal((await hers(back)).state, 'APPLICATION_PAID');
        assert.ok((await hers(back)).steps.some(({ kind }) => kind === 'STEP_CAME_BACK'));
    });

    test('the ledgers of both ends are equal to the fen', async () => {
        for (const who of people)
            assert.equal(pay.purses.get(who.openid) ?? 0, won.includes(who) ? FEN : 0);
        const { paidFen, inFlightFen, payableFen, committedFen, freeFen } = await status();
        assert.deepEqual([paidFen, inFlightFen, payableFen, committedFen, freeFen], [String(FEN * PLACES), '0', '0', '0', '0']);
        assert.equal(ok(await stack.get(`/v1/subsidy-funds/${fundId}`, finance(921))).freeFen, String(1000000 - FEN * PLACES));
        const { sum } = (await stack.query('subsidy', 'SELECT sum(balance_fen) AS sum FROM account'))[0];
        assert.equal(sum, 0);
        assert.equal(new Set(Object.values(await ordered()).map(({ number }) => number)).size, PLACES + 1);
        await stack.assertCleanAudits();
    });

    test('what was paid counts elsewhere, and is told in numbers and line by line', async () => {
        await until('coupon and health know of it', async () => (await Promise.all(['coupon', 'health'].map((name) =>
            stack.query(name, 'SELECT fen, state FROM granted_elsewhere WHERE service = 3')))).every((rows) =>
            rows.length === PLACES && rows.every(({ fen, state }) => fen === FEN && state === 2)));
        const { all, freeFen } = ok(await stack.get(`/v1/schemes/${schemeId}/numbers`, finance(921)));
        assert.deepEqual([all.declared, all.approved, all.chosen, all.paid, all.paidFen, all.failed, freeFen],
            [String(people.length), String(people.length), String(PLACES), String(PLACES), String(FEN * PLACES), '1', '0']);
        let text = '', pageToken = '';
        do {
            const page = ok(await stack.get(`/v1/schemes/${schemeId}/steps?pageSize=20&pageToken=${pageToken}`, finance(921)));
            text += page.text;
            pageToken = page.nextPageToken;
        } while (pageToken);
        const lines = text.trim().split('\r\n').slice(1).map((line) => line.split(','));
        const rows = await stack.query('subsidy', 'SELECT CAST(seq AS TEXT) AS seq, lower(hex(hash)) AS hash FROM journal');
        const hashes = new Map(rows.map(({ seq, hash }) => [seq, hash]));
        const [{ n }] = await stack.query('subsidy', 'SELECT count(*) AS n FROM application_step');
        assert.equal(lines.length, n);
        for (const line of lines)
            assert.equal(line[7], hashes.get(line[6]));
        assert.equal(lines.filter(([, , kind]) => kind === '已发放').length, PLACES);
    });
});
