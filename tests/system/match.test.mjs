// 职工鹊桥 by HTTP: who has pledged to identity that she is single joins, and match knows her by a handle alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, mobile, person, rosterCsv, unionCoded, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

describe('a single member', () => {
    let stack, session, other;
    const ok = (answer, status = 200) => {
        assert.equal(answer.status, status, answer.text);
        return answer.json;
    };
    const post = (path, body = {}, who = session) => stack.post(path, body, { token: who.token });
    /** A session of the n-th person, who is known by name. */
    const enter = async (n) => {
        const { name, residentId } = person(n, n === 3 ? '440606' : undefined);
        const { token } = await stack.call('identity', 'Identity.CompleteWechatLogin', { appid: 'wx0000000000000001', openid: `single-${n}`, mobile: mobile(n) });
        return ok(await stack.post('/v1/me:verify', { name, residentId }, { token }));
    };
    const standing = async () => (await stack.get('/v1/match/me', { token: session.token })).json.state;
    /** Her pledge, as she signs it, and that match has heard of it. */
    const pledge = async (key, who = session, n = 2) => {
        const before = (await stack.query('match', 'SELECT coalesce(max(journal_seq), 0) AS seq FROM pledge'))[0].seq;
        ok(await stack.post('/v1/me/pledges', { name: person(n).name, version: 1 }, { token: who.token, key }), 201);
        await until('match has heard of it', async () =>
            (await stack.query('match', 'SELECT coalesce(max(journal_seq), 0) AS seq FROM pledge'))[0].seq > before);
    };

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(2), person(3, '440606')]))).code, 0);
        const { unionId } = await unionCoded(stack, '440600');
        ok(await stack.post(`/v1/unions/${unionId}/policies`, {
            purpose: 'PURPOSE_SINGLE_PLEDGE', title: '单身承诺', text: '本人承诺目前为单身。', controller: '佛山市总工会', contact: '0757-12351', kinds: '婚姻状况', retention: '承诺期满',
        }, { token: mint(stack.tokenKey(), { memberId: 77, grants: [{ role: 'SYSTEM_ADMIN', unionPath: '' }] }), key: 'policy' }), 201);
        session = await enter(2);
        other = await enter(3);
    });
    after(() => stack.close());

    test('joins once she has pledged', async () => {
        assertProblem(await post('/v1/match/me:join'), 403, 'MATCH_NEEDS_PLEDGE');
        assertProblem(await stack.get('/v1/match/me', { token: session.token }), 404, 'MATCH_NOT_JOINED');
        await pledge('first');
        const single = ok(await post('/v1/match/me:join'), 201);
        assert.deepEqual([single.state, single.birthYear, single.sex, single.hidesFromColleagues], ['SINGLE_SHOWN', 1990, 'FEMALE', true]);
        assert.equal(ok(await post('/v1/match/me:join')).joinedAt, single.joinedAt);
    });

    test('pauses, also over the death of the daemon', async () => {
        assert.equal(ok(await post('/v1/match/me:pause')).state, 'SINGLE_PAUSED');
        await stack.kill('match');
        stack.spawn('match');
        await stack.serves('match');
        assert.equal(await standing(), 'SINGLE_PAUSED');
        assert.equal(ok(await post('/v1/match/me:resume')).state, 'SINGLE_SHOWN');
        assert.equal(ok(await post('/v1/match/me:hide', { hidesFromColleagues: false })).hidesFromColleagues ?? false, false);
    });

    test('is shown to nobody when she takes her pledge back', async () => {
        ok(await post('/v1/me/pledges:revoke'));
        await until('match has heard of it', async () => await standing() === 'SINGLE_UNPLEDGED');
        await pledge('second');
        assert.equal(await standing(), 'SINGLE_SHOWN');
    });

    test('says of herself what she likes, and to whom', async () => {
        const profile = { heightCm: 165, education: 'EDUCATION_COLLEGE', district: '440604', hobbies: ['HIKING', 'CONCERTS'], ageFrom: 28, ageUntil: 38,
            told: [{ field: 'FIELD_HOBBIES', toldTo: 'TOLD_ALL' }] };
        assertProblem(await post('/v1/match/me/profile:set', { profile: { ...profile, district: '999999' } }), 400, 'PROFILE_NO_SUCH_REGION');
        assert.equal(ok(await post('/v1/match/me/profile:set', { profile })).heightCm, 165);
        const said = ok(await stack.get('/v1/match/me/profile', { token: session.token }));
        assert.deepEqual([said.hobbies, said.district, said.told], [profile.hobbies, '440604', profile.told]);
    });

    test('is a handle and nothing else in the store', async () => {
        const bytes = [stack.store('match'), `${stack.store('match')}-wal`].map((path) => readFileSync(path, 'latin1')).join('');
        const utf8 = (text) => Buffer.from(text).toString('latin1');
        for (const word of [person(2).residentId, mobile(2), utf8(person(2).name), session.member.memberId])
            assert.equal(bytes.includes(word), false, word);
    });

    test('follows and is followed, over the death of the daemon, until one blocks the other', async () => {
        const handles = async () => (await stack.query('match', 'SELECT CAST(handle AS TEXT) AS handle FROM single ORDER BY joined_at')).map(({ handle }) => handle);
        await pledge('other', other, 3);
        ok(await post('/v1/match/me:join', {}, other), 201);
        const [hers, his] = await handles();
        assert.equal(ok(await post(`/v1/match/singles/${his}:follow`)).mutual ?? false, false);
        assert.equal(ok(await post(`/v1/match/singles/${hers}:follow`, {}, other)).mutual, true);
        await stack.kill('match');
        stack.spawn('match');
        await stack.serves('match');
        const bonds = async (who) => ok(await stack.get('/v1/match/me/follows', { token: who.token })).bonds;
        assert.deepEqual([(await bonds(session))[0].mutual, (await bonds(other))[0].mutual], [true, true]);
        ok(await post(`/v1/match/singles/${hers}:block`, {}, other));
        assert.deepEqual([await bonds(session), await bonds(other)], [[], []]);
        assertProblem(await post(`/v1/match/singles/${his}:follow`), 404, 'SINGLE_NOT_FOUND');
        assertProblem(await post('/v1/match/singles/4611686018427387:follow'), 404, 'SINGLE_NOT_FOUND');
        ok(await post('/v1/match/me:leave', {}, other));
    });

    test('leaves with all that was hers', async () => {
        ok(await post('/v1/match/me:leave'));
        assertProblem(await stack.get('/v1/match/me', { token: session.token }), 404, 'MATCH_NOT_JOINED');
        assert.deepEqual(await stack.query('match', 'SELECT (SELECT count(*) FROM single) + (SELECT count(*) FROM pledge) + (SELECT count(*) FROM profile) AS n'), [{ n: 0 }]);
        assertProblem(await post('/v1/match/me:join'), 403, 'MATCH_NEEDS_PLEDGE');
    });
});
