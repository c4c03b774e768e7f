// Tables that officials upload over HTTP, whichever service takes them.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { until } from './stack.mjs';

/** Bytes of a part. */
export const PART = 128 << 10;

/**
 * What the official of a token does with uploads at a path: begin(file, of) with what is to be said of it besides its
 * size; upload(file, of) to where it has been checked: its path, and what is known of it then; confirm(path) to where
 * it is loaded; and ask(path, input) for the rest.
 */
export function uploader(stack, token, at) {
    const ask = (path, input, more = {}) => stack.post(path, input, { token, ...more });
    const begin = (file, of) => ask(at, { size: Buffer.byteLength(file), ...of }, { key: randomUUID() });
    const ended = (path, state) => until(`${path} is not ${state}`, async () => {
        const { json } = await stack.get(path, { token });
        return json.state !== state && json;
    });
    const upload = async (file, of) => {
        const bytes = Buffer.from(file), begun = await begin(bytes, of);
        assert.equal(begun.status, 201, begun.text);
        const path = `${at}/${begun.json.importId}`;
        for (let part = 0; part < begun.json.parts; part++) {
            const content = bytes.subarray(part * PART, (part + 1) * PART).toString('base64');
            const put = await ask(`${path}/parts`, { part, content });
            assert.equal(put.status, 200, put.text);
            assert.equal(put.json.received, part + 1);
        }
        assert.equal((await ask(`${path}:check`, {})).status, 200);
        return { path, ...await ended(path, 'IMPORT_CHECKING') };
    };
    const confirm = async (path) => {
        const answer = await ask(`${path}:confirm`, {});
        assert.equal(answer.status, 200, answer.text);
        return ended(path, 'IMPORT_LOADING');
    };
    return { ask, begin, upload, confirm };
}
