// Files with an application, over HTTP: uploaded in parts, looked at by who reviews it, and fetched whole.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, person, rosterCsv, unionCoded, unionsCsv, verify } from './people.mjs';
import { PART, sha256 } from './reports.mjs';
import { Stack, until } from './stack.mjs';

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(2 * PART, 7)]);

describe('files with an application', () => {
    let stack, city, schemeId;
    const she = person(1), other = person(2), member = {}, second = {};
    const office = (memberId, role) => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: city.path }] }) });
    const begin = (applicationId, kind, bytes, token) => stack.post(`/v1/me/applications/${applicationId}/evidence`,
        { field: 'proof', kind, size: bytes.length }, { token, key: `${applicationId}-${kind}` });
    const put = (evidenceId, bytes, part, token) => stack.post(`/v1/me/evidence/${evidenceId}/parts`,
        { part, content: bytes.subarray(part * PART, (part + 1) * PART).toString('base64') }, { token });

    async function handedIn({ token }, certificate) {
        const { applicationId } = (await stack.post(`/v1/schemes/${schemeId}/applications`, {}, { token })).json;
        await stack.post(`/v1/me/applications/${applicationId}:save`, { answers: [{ field: 'certificate', text: certificate }] }, { token });
        assertProblem(await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token }), 400, 'FIELD_EMPTY', 'answers.proof');
        const begun = await begin(applicationId, 'PNG', png, token);
        assert.equal(begun.status, 201, begun.text);
        const { evidenceId, parts } = begun.json;
        for (let part = 0; part < parts; part++)
            assert.equal((await put(evidenceId, png, part, token)).json.received, part + 1);
        const finish = () => stack.post(`/v1/me/evidence/${evidenceId}:finish`, { sha256: sha256(png).toString('hex') }, { token });
        assert.equal((await until('it is whole', async () => {
            const done = await finish();
            return done.status === 200 && done;
        })).json.state, 'EVIDENCE_READY');
        const handed = await stack.post(`/v1/me/applications/${applicationId}:submit`, {}, { token });
        assert.equal(handed.json.state, 'APPLICATION_IN_REVIEW', handed.text);
        return { applicationId, evidenceId };
    }

    before(async () => {
        stack = await Stack.start();
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([she, other]));
        Object.assign(member, await verify(stack, she));
        Object.assign(second, await verify(stack, other));
        city = await unionCoded(stack, '440600');
        const made = await stack.post('/v1/schemes', {
            scheme: {
                unionId: city.unionId, title: '技能等级补贴', basis: '取得职业技能等级证书的会员补贴。', once: 'ONCE_EVER', amount: { fen: '50000' },
                fields: [{ name: 'certificate', label: '证书编号', kind: 'CERTIFICATE' },
                    { name: 'proof', label: '证书照片', kind: 'FILE', fileKinds: ['JPEG', 'PNG'] }],
                steps: [{ title: '市总工会审核', role: 'BENEFIT_MANAGER', hands: 2, days: 5 }],
                opensAt: new Date(Date.now() + 500).toISOString(), closesAt: new Date(Date.now() + 864e5).toISOString(),
            },
        }, { ...office(901, 'BENEFIT_MANAGER'), key: 'scheme' });
        assert.equal(made.status, 201, made.text);
        ({ schemeId } = made.json);
        for (const who of [901, 902])
            await stack.post(`/v1/schemes/${schemeId}:open`, {}, office(who, 'BENEFIT_MANAGER'));
        await until('it is open', async () => (await stack.get('/v1/me/schemes', { token: member.token })).json.schemes[0]?.reason === '');
    });
    after(() => stack.close());

    test('she uploads what it asks for, and what lies about its kind is refused', async () => {
        const { applicationId } = (await stack.post(`/v1/schemes/${schemeId}/applications`, {}, { token: second.token })).json;
        assertProblem(await begin(applicationId, 'PDF', png, second.token), 400, 'FILE_KIND_NOT_ASKED', 'kind');
        const { evidenceId } = (await begin(applicationId, 'JPEG', png, second.token)).json;
        assertProblem(await put(evidenceId, png, 0, second.token), 400, 'FILE_NOT_ITS_KIND', 'content');
        assert.equal((await stack.post(`/v1/me/evidence/${evidenceId}:remove`, {}, { token: second.token })).json.state, 'EVIDENCE_ABANDONED');
    });

    test('who reviews it opens it, which she sees; the same file elsewhere is told', async () => {
        const hers = await handedIn(member, 'ZS-0001'), others = await handedIn(second, 'ZS-0002');
        const manager = office(911, 'BENEFIT_MANAGER'), file = `/v1/evidence/${hers.evidenceId}/file`;
        assertProblem(await stack.get(file, manager), 403, 'EVIDENCE_NOT_OPENED');
        const opened = await stack.post(`/v1/evidence/${hers.evidenceId}:open`, {}, manager);
        assert.deepEqual(opened.json.alsoIn, [others.applicationId], opened.text);
        const got = await stack.get(file, manager);
        assert.equal(got.status, 200, got.text);
        assert.equal(got.headers['content-type'], 'application/octet-stream');
        assert.deepEqual(got.bytes, png);
        assertProblem(await stack.post(`/v1/evidence/${hers.evidenceId}:open`, {}, office(921, 'FINANCE')), 403, 'NOT_YOUR_STEP');
        assertProblem(await stack.get(`/v1/me/evidence/${hers.evidenceId}/file`, { token: second.token }), 404, 'EVIDENCE_NOT_FOUND');
        const { looks, files } = (await stack.get(`/v1/me/applications/${hers.applicationId}`, { token: member.token })).json;
        assert.deepEqual(looks.map(({ evidenceId }) => evidenceId), [hers.evidenceId]);
        assert.deepEqual(files.map(({ kind, size, alsoIn }) => [kind, size, alsoIn]), [['PNG', png.length, []]]);
        await stack.assertCleanAudits();
    });
});
