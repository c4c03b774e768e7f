// A subsidy that is paid by bank: each writes an account into her form, a run orders, finance of the whole has a file made
// of what was ordered, and what the bank gives back is what becomes of each of them. And one that is given in kind, which two
// of finance record.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, person, rosterCsv, unionCoded, unionsCsv } from './people.mjs';
import { until } from './stack.mjs';
import { beginPaying, finance as ofTheWhole } from './wechatpays.mjs';

const FEN = 123456, ACCOUNTS = ['6222020200112230', '6222020200112248'];

describe('a subsidy by bank', () => {
    let paying, stack, people, city, fundId, schemeId, runId;
    const office = (memberId, role) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const manager = (memberId) => office(memberId, 'BENEFIT_MANAGER'), finance = (memberId) => office(memberId, 'FINANCE');
    const her = (who) => ({ token: who.token });
    const hers = async (who) => (await stack.get(`/v1/me/applications/${who.applicationId}`, her(who))).json;
    const status = async () => (await stack.get(`/v1/schemes/${schemeId}/selection`, finance(921))).json;
    const ok = (answer, code = 200) => {
        assert.equal(answer.status, code, answer.text);
        return answer.json;
    };
    const write = (who, account) => stack.post(`/v1/me/applications/${who.applicationId}:save`, { answers: [
        { field: 'account', text: account }, { field: 'holder', text: '王小明' }, { field: 'bank', text: '工商银行佛山分行' }] }, her(who));
    const batches = (path, memberId, body = {}) => stack.post(`/v1/bank-batches${path}`, body, { ...ofTheWhole(stack, memberId), key: `${path}-${memberId}` });

    before(async () => {
        paying = await beginPaying({ users: 2, standIn: false });
        ({ stack, people } = paying);
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

    test('opens with a form that asks for an account', async () => {
        ({ fundId } = await until('the union is known', async () => {
            const answer = await stack.post(`/v1/unions/${city.unionId}/subsidy-funds`, { name: '技能补贴', fen: '1000000' }, { ...finance(931), key: 'fund' });
            return answer.status === 201 && answer.json;
        }));
        ok(await stack.post(`/v1/subsidy-funds/${fundId}:confirm`, {}, finance(932)));
        const name = (field, label) => ({ name: field, label, kind: 'TEXT', least: '1', most: '60' });
        const payment = { way: 'BY_BANK', remark: '技能补贴', accountField: 'account', holderField: 'holder', bankField: 'bank' };
        const scheme = {
            unionId: city.unionId, title: '技能补贴', basis: '取得技能等级的会员。', once: 'ONCE_EVER', amount: { fen: String(FEN) },
            fields: [{ name: 'account', label: '收款账号', kind: 'BANK_ACCOUNT' }, name('holder', '户名'), name('bank', '开户行')],
            steps: [{ title: '复核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], opensAt: new Date(Date.now() - 1000).toISOString(), closesAt: new Date(Date.now() + 864e5).toISOString(),
            funding: { fundId, fen: String(2 * FEN) }, selection: { kind: 'ALL' }, showing: { workingDays: 0 }, payment,
        };
        assertProblem(await stack.post('/v1/schemes', { scheme: { ...scheme, payment: { ...payment, accountField: 'bank' } } }, { ...manager(901), key: 'odd' }), 400, 'PAYMENT_FORM_WRONG');
        ({ schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...manager(901), key: 'scheme' }), 201));
        await until('the way is known', async () => (await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(901))).status === 200);
        ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(902)));
        for (const [i, who] of people.entries()) {
            who.applicationId = ok(await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(who)), 201).applicationId;
            ok(await write(who, ACCOUNTS[i]));
            ok(await stack.post(`/v1/me/applications/${who.applicationId}:submit`, {}, her(who)));
            for (const official of [911, 912])
                ok(await stack.post(`/v1/applications/${who.applicationId}:decide`, { verdict: 'APPROVE' }, manager(official)));
        }
        await until('all are to be paid', async () => (await status()).payableFen === String(2 * FEN));
    });

    test('is ordered by a run, after which an account is not changed any more', async () => {
        ({ runId } = ok(await stack.post(`/v1/schemes/${schemeId}/runs`, {}, { ...finance(941), key: 'run' }), 201));
        await until('its list is frozen', async () => (await stack.get(`/v1/runs/${runId}`, finance(941))).json.state === 'RUN_PREPARED');
        for (const official of [941, 942])
            ok(await stack.post(`/v1/runs/${runId}:release`, {}, finance(official)));
        await until('the bridge has the orders', async () => (await stack.query('bridge', 'SELECT count(*) AS n FROM payout WHERE way = 2 AND state = 1'))[0].n === 2);
        assertProblem(await write(people[0], ACCOUNTS[1]), 409, 'NOT_A_DRAFT');
        assert.equal((await status()).inFlightFen, String(2 * FEN));
    });

    test('is what the bank says of each line', async () => {
        const made = ok(await batches('', 91, { layout: 'BANK_LIST' }));
        assert.deepEqual([made.payments, made.fen], [2, String(2 * FEN)]);
        assert.equal(ok(await batches(`/${made.batchId}:release`, 92)).state, 'BANK_RELEASED');
        const { bytes } = await stack.get(`/v1/bank-batches/${made.batchId}/file`, ofTheWhole(stack, 91)), text = bytes.toString();
        const numbers = ACCOUNTS.map((account) => new RegExp(`^(\\w+),${account},王小明,工商银行佛山分行,1234\\.56,技能补贴\r$`, 'm').exec(text)[1]);
        const said = ['业务编号,金额,状态', `${numbers[0]},1234.56,成功`, `${numbers[1]},1234.56,退票`].join('\n');
        assert.equal(ok(await batches(`/${made.batchId}:read`, 91, { file: Buffer.from(said).toString('base64') })).batch.state, 'BANK_DONE');
        await until('she has it', async () => (await hers(people[0])).state === 'APPLICATION_PAID');
        const told = await until('it came back', async () => {
            const one = await hers(people[1]);
            return one.state === 'APPLICATION_PAYABLE' && one;
        });
        assert.match(told.paymentWords, /收款账户/);
        const { paidFen, payableFen, inFlightFen } = await status();
        assert.deepEqual([paidFen, payableFen, inFlightFen], [String(FEN), String(FEN), '0']);
        assert.equal((await stack.get(`/v1/runs/${runId}`, finance(941))).json.state, 'RUN_ENDED');
    });

    test('a thing is given once two of finance have recorded that she has it', async () => {
        const [she] = people, scheme = {
            unionId: city.unionId, title: '节日慰问', basis: '困难会员每户慰问品一份。', once: 'ONCE_EVER', amount: { fen: '20000' }, fields: [{ name: 'why', label: '说明', kind: 'TEXT' }],
            steps: [{ title: '复核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }], opensAt: new Date(Date.now() - 1000).toISOString(), closesAt: new Date(Date.now() + 864e5).toISOString(),
            funding: { fundId, fen: '20000' }, selection: { kind: 'ALL' }, showing: { workingDays: 0 }, payment: { way: 'IN_KIND', remark: '慰问品一份' },
        };
        ({ schemeId } = ok(await stack.post('/v1/schemes', { scheme }, { ...manager(901), key: 'kind' }), 201));
        for (const official of [901, 902])
            ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(official)));
        const mine = ok(await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her(she)), 201).applicationId;
        ok(await stack.post(`/v1/me/applications/${mine}:save`, { answers: [{ field: 'why', text: '家庭困难' }] }, her(she)));
        ok(await stack.post(`/v1/me/applications/${mine}:submit`, {}, her(she)));
        for (const official of [911, 912])
            ok(await stack.post(`/v1/applications/${mine}:decide`, { verdict: 'APPROVE' }, manager(official)));
        await until('it is to be given', async () => (await status()).payableFen === '20000');
        const { runId: kindId } = ok(await stack.post(`/v1/schemes/${schemeId}/runs`, {}, { ...finance(941), key: 'kind run' }), 201), is = async (state) => (await stack.get(`/v1/runs/${kindId}`, finance(941))).json.state === state;
        await until('its list is frozen', () => is('RUN_PREPARED'));
        for (const official of [941, 942])
            ok(await stack.post(`/v1/runs/${kindId}:release`, {}, finance(official)));
        await until('it is out', () => is('RUN_UNDER_WAY'));
        const given = (official, notTaken = false) => stack.post(`/v1/runs/${kindId}/lines/1:handOver`, { notTaken }, finance(official));
        assert.equal(ok(await given(941)).waitsForHand, true);
        assertProblem(await given(942, true), 409, 'HANDS_DIFFER');
        assert.equal(ok(await given(942)).state, 'LINE_PAID');
        assert.equal((await stack.get(`/v1/me/applications/${mine}`, her(she))).json.state, 'APPLICATION_PAID');
        assert.equal((await status()).paidFen, '20000');
        assert.ok(await is('RUN_ENDED'));
        assert.equal((await stack.query('bridge', 'SELECT count(*) AS n FROM payout WHERE way = 3'))[0].n, 0);
    });

    test('has no account in a log or, unsealed, in a store', () => {
        const seen = [JSON.stringify(Object.values(stack.logs).map(({ lines, noise }) => [lines, noise])), ...['bridge', 'subsidy'].flatMap((name) => [stack.store(name), `${stack.store(name)}-wal`].map((path) => readFileSync(path, 'latin1')))];
        for (const number of ACCOUNTS)
            seen.forEach((text, i) => assert.ok(!text.includes(number), `account in ${i}`));
    });
});
