// The documents of the API in a real browser: every operation, and the guide for developers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Stack, until, web } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';
import { picture, violationsInBothLooks } from './member.mjs';

describe('the documents of the API', () => {
    let stack, chrome, page;

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WEB: web } } });
        chrome = new Chrome();
        page = await chrome.open(`http://127.0.0.1:${stack.port}/v1/docs`);
    });
    after(async () => {
        await chrome?.close();
        await stack.close();
    });

    test('show every operation of the gateway, and try one', async () => {
        const { json } = await stack.get('/v1/openapi.json');
        await until('the groups of operations are there', () => page.value(`document.querySelectorAll('.opblock-tag').length === ${json.tags.length}`));
        await picture(page, 'docs');
        await page.press('[data-tag=Gateway]', '');
        await page.click('[data-path="/livez"]');
        await page.press('.opblock-body', 'Try it out');
        await page.press('.opblock-body', 'Execute');
        await page.shows('.live-responses-table .response-col_status', /200/);
    });

    test('lead to the guide', async () => {
        await page.press('header', '开发指南');
        await page.shows('main', /恰好一次[^]*OUTCOME_UNKNOWN/);
        await picture(page, 'guide');
        assert.deepEqual(await violationsInBothLooks(page), []);
    });

    test('no request leaves the machine, and nothing went wrong in the console', () => {
        assert.deepEqual(chrome.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${stack.port}/`) && !/^(data|blob|about):/.test(url)), []);
        assert.deepEqual(chrome.errors, []);
    });
});
