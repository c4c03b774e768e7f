// Unions for tests that are about something else.
import assert from 'node:assert/strict';
import { unionCoded, unionsCsv } from './people.mjs';
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
