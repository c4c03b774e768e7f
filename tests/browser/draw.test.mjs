// The page that verifies a published draw, in a real browser, from the disk and without any network.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build, top, until } from '../system/stack.mjs';
import { Chrome } from './chrome.mjs';

describe('the page that verifies draws', () => {
    const secret = '4406'.repeat(16);
    let folder, published, chrome, page;

    const hgDraw = (...args) => {
        const run = spawnSync(join(build, 'hg-draw'), args, { encoding: 'utf8' });
        assert.equal(run.status, 0, run.stderr);
        return run.stdout;
    };
    const save = (name, content) => {
        writeFileSync(join(folder, name), content);
        return join(folder, name);
    };

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'huigong-draw-'));
        const terms = save('terms', ['hg-draw 1', 'draw t-1', 'title 体检抽签', 'rules 全体会员', 'opens 1000', 'closes 2000',
            `commitment ${hgDraw('commit', secret, '1').trim()} 1`, 'public 双色球 2026001', 'value-at 3000', 'weight-max 1',
            'strata 1', 'stratum 0 5 5 三水区体检点', ''].join('\n'));
        const list = save('list', Array.from({ length: 100 }, (_, i) => `${String(i).padStart(32, '0')} 0 1\n`).join(''));
        published = save('published', hgDraw('run', terms, list, secret, '3 7 11'));
        chrome = new Chrome();
        page = await chrome.open(pathToFileURL(join(top, 'services/gateway/web/public/draw/index.html')).href);
        await until('the page and its script are there', () => page.value('document.readyState === "complete" && "verify" in window'));
    });
    after(async () => {
        await chrome?.close();
        rmSync(folder, { recursive: true, force: true });
    });

    test('verifies a published draw', async () => {
        await page.choose('#file', published);
        await page.shows('#result', /t-1 体检抽签[^]*，100 人[^]*计算无误/);
    });

    test('says what is wrong with a file in which one byte is changed', async () => {
        const bytes = readFileSync(published);
        bytes[bytes.indexOf('\nlist\n') + 10] ^= 1; // of the first ticket
        await page.choose('#file', save('forged', bytes));
        await page.shows('#result', /^有误：/);
        assert.doesNotMatch(await page.text('#result'), /计算无误/);
    });

    test('asks for nothing that is not on the disk', () => {
        assert.ok(chrome.requests.length >= 2, 'the page and its script');
        assert.deepEqual(chrome.requests.filter((url) => !/^(file|data):/.test(url)), []);
        assert.deepEqual(chrome.errors, []);
    });
});
