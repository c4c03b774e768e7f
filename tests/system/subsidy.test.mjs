// From a declaration to a decision, over HTTP: a scheme that two officials open, an application kept as she types, its
// way through the offices, and what she sees of each step.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, person, rosterCsv, unionCoded, unionsCsv, verify } from './people.mjs';
import { Stack, until } from './stack.mjs';

describe('from a declaration to a decision', () => {
    let stack, city, district, schemeId, applicationId;
    const she = person(1), member = {};
    const office = (memberId, role, union) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: union.path }] }) });
    const manager = (memberId, union = city) => office(memberId, 'BENEFIT_MANAGER', union);
    const scheme = (more) => ({
        scheme: {
            unionId: city.unionId, title: '技能等级补贴', basis: '取得职业技能等级证书的会员，每人最高补贴3000元。', once: 'ONCE_EVER',
            amount: { field: 'fee', mostFen: '300000' },
            fields: [
                { name: 'level', label: '技能等级', kind: 'CHOICE', choices: ['初级工', '中级工', '高级工'] },
                { name: 'certificate', label: '证书编号', kind: 'CERTIFICATE' },
                { name: 'fee', label: '培训费用', kind: 'FEN', least: '1', most: '1000000' },
                { name: 'began', label: '开始日期', kind: 'DATE' }, { name: 'ended', label: '结束日期', kind: 'DATE' },
            ],
            rules: [{ smaller: 'began', greater: 'ended', words: '结束日期早于开始日期' }],
            steps: [{ title: '区总工会初审', level: 2, role: 'BENEFIT_MANAGER', days: 5 }, { title: '市总工会复核', role: 'FINANCE', days: 10 }],
            opensAt: new Date(Date.now() + 500).toISOString(), closesAt: new Date(Date.now() + 864e5).toISOString(), ...more,
        },
    });
    const answers = (more) => Object.entries({ level: { text: '中级工' }, certificate: { text: 'ZS-2025-0001' }, fee: { number: '120000' },
        began: { date: '2026-03-01' }, ended: { date: '2026-05-01' }, ...more }).map(([field, value]) => ({ field, ...value }));

    before(async () => {
        stack = await Stack.start();
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([she]));
        Object.assign(member, await verify(stack, she));
        city = await unionCoded(stack, '440600');
        district = await unionCoded(stack, '440604');
    });
    after(() => stack.close());

    test('one official drafts and proposes it, another opens it', async () => {
        const made = await stack.post('/v1/schemes', scheme(), { ...manager(901), key: 'scheme' });
        assert.equal(made.status, 201, made.text);
        ({ schemeId } = made.json);
        assertProblem(await stack.get(`/v1/schemes/${schemeId}`, { token: member.token }), 404, 'SCHEME_NOT_FOUND');
        assert.equal((await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(901))).json.waitsForHand, true);
        assertProblem(await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(901)), 409, 'SCHEME_OWN_HAND');
        assert.equal((await stack.post(`/v1/schemes/${schemeId}:open`, {}, manager(902))).json.state, 'SCHEME_OPEN');
        assertProblem(await stack.post(`/v1/schemes/${schemeId}:update`, scheme(), manager(901)), 409, 'SCHEME_FIXED');
        assertProblem(await stack.post('/v1/schemes', scheme({ steps: scheme().scheme.steps.slice(1) }), { ...manager(901), key: 'alone' }),
            400, 'TOO_FEW_HANDS', 'scheme.steps');
    });

    test('a member finds it, and what she types is kept', async () => {
        const open = await until('it is open', async () => {
            const { json } = await stack.get('/v1/me/schemes', { token: member.token });
            return json.schemes.length === 1 && json.schemes[0].reason === '' && json.schemes[0];
        });
        assert.equal(open.scheme.schemeId, schemeId);
        const begun = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, { token: member.token });
        assert.equal(begun.status, 201, begun.text);
        ({ applicationId } = begun.json);
        const half = [{ field: 'certificate', text: 'ZS' }, { field: 'began', date: '2026-05-02' }, { field: 'ended', date: '2026-05-01' }];
        assert.equal((await stack.post(`/v1/me/applications/${applicationId}:save`, { answers: half }, { token: member.token })).status, 200);
        assert.equal((await stack.post(`/v1/schemes/${schemeId}/applications`, {}, { token: member.token })).json.applicationId, applicationId);
        const { findings } = (await stack.get(`/v1/me/applications/${applicationId}/check`, { token: member.token })).json;
        assert.deepEqual(findings.map(({ reason, field }) => `${field} ${reason}`),
            ['level FIELD_EMPTY', 'certificate FIELD_NO_CERTIFICATE', 'fee FIELD_EMPTY', 'ended FIELD_RULE_BROKEN']);
        assert.equal(findings.at(-1).words, '结束日期早于开始日期');
        assertProblem(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token: member.token }), 400, 'FIELD_EMPTY', 'answers.level');
        assertProblem(await stack.get(`/v1/applications/${applicationId}`, manager(901)), 404, 'APPLICATION_NOT_FOUND');
    });

    test('it is handed in, given back, corrected and approved by two offices', async () => {
        const save = (more) => stack.post(`/v1/me/applications/${applicationId}:save`, { answers: answers(more) }, { token: member.token });
        const submit = () => stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token: member.token });
        const decide = (verdict, remark, who) => stack.post(`/v1/applications/${applicationId}:decide`, { verdict, remark }, who);
        await save({ fee: { number: '300001' } });
        assertProblem(await submit(), 400, 'FIELD_ABOVE_MOST', 'answers.fee');
        await save();
        const handed = (await submit()).json;
        assert.deepEqual([handed.state, handed.amountFen, handed.officeId], ['APPLICATION_IN_REVIEW', '120000', district.unionId]);

        const inbox = (await stack.get(`/v1/unions/${city.unionId}/applications`, manager(911))).json.items;
        assert.deepEqual(inbox.map(({ applicationId: id, answers: shown }) => [id, shown]), [[applicationId, []]]);
        assert.equal((await stack.get(`/v1/unions/${district.unionId}/applications/count`, manager(911, district))).json.inReview, '1');
        assert.equal((await stack.get(`/v1/applications/${applicationId}`, manager(911, district))).json.answers.length, 5);
        assertProblem(await decide('GIVE_BACK', '', manager(911, district)), 400, 'REMARK_MISSING');
        assert.equal((await decide('GIVE_BACK', '证书编号与平台不符', manager(911, district))).status, 200);
        const back = (await stack.get(`/v1/me/applications/${applicationId}`, { token: member.token })).json;
        assert.deepEqual([back.state, back.remark, back.looks.length], ['APPLICATION_GIVEN_BACK', '证书编号与平台不符', 1]);
        await save({ certificate: { text: 'ZS-2025-0002' } });
        assert.equal((await submit()).json.state, 'APPLICATION_IN_REVIEW');

        assertProblem(await decide('APPROVE', '', office(921, 'FINANCE', city)), 403, 'NOT_YOUR_STEP');
        assert.equal((await decide('APPROVE', '', manager(911, district))).json.officeId, city.unionId);
        const many = await stack.post('/v1/applications:decide', { decisions: [{ applicationId, verdict: 'APPROVE' }, { applicationId: '77', verdict: 'APPROVE' }] },
            office(921, 'FINANCE', city));
        assert.deepEqual(many.json.decided.map(({ state, reason }) => [state, reason]), [['APPLICATION_APPROVED', ''], ['APPLICATION_NONE', 'APPLICATION_NOT_FOUND']]);
        assertProblem(await stack.post(`/v1/schemes/${schemeId}/applications`, {}, { token: member.token }), 409, 'HAD_ONCE');
    });

    test('each step names the row of the journal that tells of it, and all is there after a restart', async () => {
        const { steps } = (await stack.get(`/v1/me/applications/${applicationId}`, { token: member.token })).json;
        assert.deepEqual(steps.map(({ kind }) => kind.slice('STEP_'.length)),
            ['SUBMITTED', 'GIVEN_BACK', 'SUBMITTED', 'APPROVED', 'PASSED_ON', 'APPROVED', 'DECIDED']);
        const rows = await stack.query('subsidy', 'SELECT seq, lower(hex(hash)) AS hash FROM journal ORDER BY seq');
        for (const { seq, hash } of steps)
            assert.equal(rows.find((row) => String(row.seq) === seq)?.hash, hash);
        await stack.stop('subsidy');
        stack.spawn('subsidy');
        const again = await until('it serves again', async () => {
            const told = await stack.get(`/v1/me/applications/${applicationId}`, { token: member.token });
            return told.status === 200 && told.json;
        });
        assert.deepEqual(again.steps, steps);
        await stack.assertCleanAudits();
    });

    test('what she wrote and what was written to her is on no disk in the clear', async () => {
        const found = await stack.query('subsidy', `SELECT count(*) AS n FROM application WHERE instr(answers, CAST('ZS' AS BLOB)) > 0
            OR instr(remark, CAST('证书' AS BLOB)) > 0`);
        assert.equal(found[0].n, 0);
        assert.ok(!JSON.stringify(Object.values(stack.logs).map(({ lines }) => lines)).includes('ZS-2025'), 'nor in a log');
    });
});
