// Unions for tests that are about something else.
import assert from 'node:assert/strict';
import { mint, personName, residentId, unionCoded, unionsCsv } from './people.mjs';
import { until } from './stack.mjs';

const named = async (stack, path) =>
    (await stack.query('identity', `SELECT CAST(union_id AS TEXT) AS id FROM unions WHERE path = '${path}'`))[0]?.id;

/** The id of the union at a path; the tree of `unionsCsv` is imported if none stands there. Waits until a service knows it. */
export async function unionAt(stack, path, queue) {
    if (!(await named(stack, path)))
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    const id = await named(stack, path);
    await until(`${queue} knows the union`, async () =>
        (await stack.query(queue, `SELECT 1 AS one FROM tree_union WHERE union_id = ${id}`)).length);
    return id;
}

/** The union of a code, and its path, which is said nowhere outside but in tokens. */
export async function placed(stack, code) {
    const union = await unionCoded(stack, code);
    const [{ path }] = await stack.query('identity', `SELECT path FROM unions WHERE union_id = ${union.unionId}`);
    return { ...union, path };
}

/** Person n, who is signed in, asks a union to take her, which does; the id of what she asked. */
export async function takenIn(stack, union, n, signedIn) {
    const asked = await stack.post('/v1/me/join-requests', {
        unionId: union.unionId, name: personName(n), residentId: residentId(n), trade: 'FOOD_DELIVERY',
    }, signedIn);
    assert.equal(asked.status, 201, asked.text);
    const { requestId } = asked.json;
    const done = await stack.post(`/v1/unions/${union.unionId}/join-requests:decide`, { requestIds: [requestId], approve: true },
        { token: mint(stack.tokenKey(), { memberId: 2, grants: [{ role: 'UNION_ADMIN', unionPath: union.path }] }) });
    assert.equal(done.json.done, 1, done.text);
    return requestId;
}
