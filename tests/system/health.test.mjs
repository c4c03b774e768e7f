// A health check by lot, by HTTP alone: announced, entered, frozen, drawn with a value that two
// officials enter, published, and verified by whoever downloads the file or holds a receipt.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { announced, draw, drawFile, enter, giveValue, manager, member, offer, post, publish, receipt, UNION } from './checkups.mjs';
import { verify } from '../../services/gateway/web/public/draw/verify.js';
import { assertProblem } from './http.mjs';
import { build, run, Stack, until } from './stack.mjs';
import { unionAt } from './unions.mjs';

const MEMBERS = 12, QUOTA = 3;

describe('a health check by lot', () => {
    let stack, campaign, file;
    const everyone = Array.from({ length: MEMBERS }, (_, i) => i + 1);

    before(async () => { stack = await Stack.start(); });
    after(() => stack.close());

    const save = (name, text) => {
        writeFileSync(stack.path(name), text);
        return stack.path(name);
    };
    const hgDraw = (...args) => run(join(build, 'hg-draw'), args);

    test('a package with a hepatitis B item is refused', async () => {
        assertProblem(await stack.post('/v1/checkup-packages', {
            package: { unionId: await unionAt(stack, UNION, 'health'), title: '入职', items: [{ code: 'X', name: '乙肝五项（HBsAg）' }] },
        }, { token: manager(stack), key: 'hbv' }), 400, 'HEPATITIS_B_ITEM');
    });

    test('members enter by one tap, see why not otherwise, and withdraw', async () => {
        campaign = await announced(stack, { open: 5000, quota: QUOTA });
        assertProblem(await enter(stack, campaign, 1), 409, 'ENTRIES_NOT_OPEN');
        assert.equal((await offer(stack, campaign, 1)).reason, 'ENTRIES_NOT_OPEN');
        await until('entries open', async () => !(await offer(stack, campaign, 1)).reason);
        const entries = await Promise.all([...everyone, 50].map((id) => enter(stack, campaign, id)));
        for (const entry of entries)
            assert.equal(entry.status, 201, entry.text);
        assert.equal(new Set(entries.map((entry) => entry.json.ticket)).size, MEMBERS + 1);
        assert.equal((await enter(stack, campaign, 1)).json.entryId, entries[0].json.entryId);
        assertProblem(await enter(stack, campaign, 60, { unionPath: '0001' }), 403, 'UNION_NOT_INVITED');
        assertProblem(await enter(stack, campaign, 61, { level: 2 }), 403, 'NOT_VERIFIED');
        const gone = await stack.post(`/v1/checkups/${campaign.campaignId}/entries:withdraw`, {}, { token: member(stack, 50) });
        assert.equal(gone.status, 200, gone.text);
        const mine = await stack.get('/v1/me/checkups', { token: member(stack, 1) });
        assert.equal(mine.json.offers[0].entry.entryId, entries[0].json.entryId);
    });

    test('after the freeze nothing can be changed, and every try is told', async () => {
        const frozen = await until('the list is frozen', async () => {
            const now = await draw(stack, campaign);
            return now.root && now;
        });
        assert.equal(frozen.nEntries, MEMBERS);
        const [{ seq }] = await stack.query('health', 'SELECT seq FROM journal WHERE kind = 11');
        assert.ok(stack.witnessed('health') >= seq, 'the list that is told is witnessed outside the store');
        assert.ok(Date.parse(frozen.frozenAt) >= Date.parse(campaign.closesAt), 'the list is fixed after the closing');
        assert.ok(Date.parse(frozen.frozenAt) < Date.parse(campaign.valueAt), 'and before the value');
        assertProblem(await enter(stack, campaign, 99), 409, 'ENTRIES_CLOSED');
        assertProblem(await stack.post(`/v1/checkups/${campaign.campaignId}/entries:withdraw`, {}, { token: member(stack, 1) }),
            409, 'ENTRIES_CLOSED');
        const { json: changed } = await stack.get(`/v1/checkups/${campaign.campaignId}`, { token: manager(stack) });
        assertProblem(await stack.post(`/v1/checkups/${campaign.campaignId}:update`, { campaign: changed }, { token: manager(stack) }),
            409, 'CAMPAIGN_FIXED');
        const told = await stack.query('health', 'SELECT count(*) AS n FROM journal WHERE kind = 14');
        assert.equal(told[0].n, 3);
    });

    test('with the value of two officials it is drawn, once', async () => {
        await giveValue(stack, campaign);
        await publish(stack, campaign, QUOTA);
        assertProblem(await stack.post(`/v1/checkups/${campaign.campaignId}:draw`, {}, { token: manager(stack) }), 409, 'DRAWN_ALREADY');
        assertProblem(await stack.post(`/v1/checkups/${campaign.campaignId}:void`, { reason: '重抽' }, { token: manager(stack) }),
            409, 'PUBLISHED_ALREADY');
        const results = await Promise.all(everyone.map(async (id) => (await offer(stack, campaign, id)).result));
        assert.equal(results.filter((result) => result.state === 'WON').length, QUOTA);
        assert.deepEqual(results.map((result) => result.place ?? 0).filter(Boolean).sort(), [1, 2, 3, 4, 5, 6]);
        assert.deepEqual(results.map((result) => result.waitingPosition ?? 0).filter(Boolean).sort(), [1, 2, 3]);
    });

    test('anybody verifies the file that the pages make, and nobody another', async () => {
        file = await drawFile(stack, campaign);
        const verified = await hgDraw('verify', save('draw', file));
        assert.equal(verified.code, 0, verified.stdout + verified.stderr);
        verify(Buffer.from(file));
        const forged = await hgDraw('verify', save('forged', file.replace(/^value 03/m, 'value 04')));
        assert.notEqual(forged.code, 0);
    });

    test('each member holds a receipt that says the same, winner or not', async () => {
        for (const id of everyone) {
            const { code, stdout, stderr } = await hgDraw('receipt', save('receipt', await receipt(stack, campaign, id)));
            assert.equal(code, 0, stdout + stderr);
        }
        assertProblem(await stack.get(`/v1/me/checkups/${campaign.campaignId}/receipt`, { token: member(stack, 50) }), 404, 'NOT_ENTERED');
    });

    test('a restarted daemon tells the same', async () => {
        await stack.restart('health');
        await stack.serves('health');
        assert.equal(await drawFile(stack, campaign), file);
        await stack.assertCleanAudits();
    });

    test('a site says how to get there, and may be withdrawn', async () => {
        const { siteId } = campaign.sites[0];
        const site = await stack.get(`/v1/checkup-sites/${siteId}`, { token: member(stack, 1) });
        assert.match(site.json.directions, /^https:\/\/apis\.map\.qq\.com\/.*tocoord=23\.024750,113\.116580/);
        const withdrawn = await post(stack, `/v1/checkups/${campaign.campaignId}/sites/${siteId}:withdraw`, {});
        assert.equal(withdrawn.sites[0].withdrawn, true);
    });
});
