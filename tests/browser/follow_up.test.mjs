// Help with a visit before and a call after: who approves writes what was found, and months later an office asks how she is;
// she reads both in the story of her application.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enrol, grant, mint, person, rosterCsv, unionCoded, unionsCsv, verify } from '../system/people.mjs';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { opensToAll, signInAtDesk } from './desk.mjs';
import { barriersOnTelephone, go } from './member.mjs';

const FOUND = '入户核实，家庭情况属实', LATER = '已复工，孩子正常就学';

describe('help, and asking how she is', () => {
    const manager = person(301), she = person(1);
    let stack, chrome, desk, city, her, applicationId;
    const office = (memberId) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role: 'BENEFIT_MANAGER', unionPath: city.path }] }) });
    const ok = (answer) => {
        assert.ok(answer.status < 300, answer.text);
        return answer.json;
    };
    const at = (ms) => new Date(Date.now() + ms).toISOString();

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([she, manager]));
        city = await unionCoded(stack, '440600');
        await grant(stack, manager.mobile, 'BENEFIT_MANAGER', '440600');
        manager.secret = (await enrol(stack, manager)).secret;
        her = { token: (await verify(stack, she)).token };
        await until('subsidy knows the union', async () => (await stack.query('subsidy', `SELECT path FROM tree_union WHERE union_id = ${city.unionId}`))[0]);
        const { schemeId } = ok(await stack.post('/v1/schemes', { scheme: {
            unionId: city.unionId, title: '困难职工帮扶', basis: '因病致困的会员。', once: 'ONCE_EVER', amount: { fen: '100000' }, followUpDays: 90,
            steps: [{ title: '入户核实', role: 'BENEFIT_MANAGER', days: 5, notes: true }, { title: '市总工会审批', role: 'BENEFIT_MANAGER', days: 5 }], opensAt: at(300), closesAt: at(20 * 864e5),
        } }, { ...office(901), key: 'scheme' }));
        for (const official of [901, 902])
            ok(await stack.post(`/v1/schemes/${schemeId}:open`, {}, office(official)));
        ({ applicationId } = await until('it is open', async () => {
            const begun = await stack.post(`/v1/schemes/${schemeId}/applications`, {}, her);
            return begun.status === 201 && begun.json;
        }));
        ok(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, her));
        chrome = new Chrome();
        desk = await chrome.open(`http://127.0.0.1:${stack.port}/console/`);
        await signInAtDesk(desk, manager);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('who approves where a visit is due writes what was found', async () => {
        await go(desk, `/reviews/${applicationId}`);
        await desk.shows('[aria-label=审核结论]', /同意/);
        await desk.click('[aria-label=审核结论] input[value=APPROVE]');
        await desk.shows('[aria-label=审核结论]', /核实情况（如入户探访记录）/);
        assert.equal(await desk.value("document.querySelector('[aria-label=审核结论] [type=submit]').disabled"), true);
        await desk.type('[aria-label=审核结论] textarea', FOUND);
        await opensToAll(desk, 'review-note');
        await desk.press('[aria-label=审核结论]', '作出结论');
        await desk.press('[role=dialog]', '确定');
        await until('it is passed on', async () => ok(await stack.get(`/v1/me/applications/${applicationId}`, her)).stepTitle === '市总工会审批');
        ok(await stack.post(`/v1/applications/${applicationId}:decide`, { verdict: 'APPROVE' }, office(912)));
    });

    test('when its time has come her office asks, and she reads what was written', async () => {
        const due = async () => ok(await stack.get(`/v1/unions/${city.unionId}/follow-ups`, office(912))).followUps.map((one) => one.applicationId);
        assert.deepEqual(await due(), []);
        // Three months later.
        await stack.stop('subsidy');
        const { code, stderr } = await stack.inside('subsidy', ['sqlite3', stack.store('subsidy'), 'UPDATE follow_up SET due_at = 1000']);
        assert.equal(code, 0, stderr);
        stack.spawn('subsidy');
        await stack.serves('subsidy');
        assert.deepEqual(await due(), [applicationId]);
        await desk.page.reload();
        await desk.shows('[aria-label=待回访]', /王[^]*困难职工帮扶/);
        await desk.press('[aria-label=待回访]', '写回访记录');
        await desk.shows('[aria-label=回访记录]', /近况/);
        await desk.type('[aria-label=回访记录] textarea', LATER);
        await opensToAll(desk, 'follow-up');
        await desk.press('[aria-label=回访记录]', '记录回访');
        await until('it is written', async () => ok(await stack.get(`/v1/me/applications/${applicationId}`, her)).steps.at(-1).kind === 'STEP_FOLLOWED_UP');
        await until('nobody is to be asked any more', async () => (await desk.text('[aria-label=待回访]')) === '');
        assert.deepEqual(await due(), []);
        const page = await chrome.open(`http://127.0.0.1:${stack.port}/`);
        await page.value(`sessionStorage.setItem('session', ${JSON.stringify(JSON.stringify({ token: her.token }))})`);
        await page.page.reload();
        await page.shows('nav', /我的/);
        await go(page, `/applications/${applicationId}`);
        await page.shows('[aria-label=办理过程]', new RegExp(`一位审核人同意[^]*${FOUND}[^]*工会回访[^]*${LATER}`));
        assert.deepEqual(await barriersOnTelephone(page, 'follow-up-story'), []);
    });
});
