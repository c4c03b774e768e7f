// web.mjs BASE LOADS: prints what a first visit to the pages costs, as lines of name=value.
//   member_*   the member's app, until what she signs in with is on the screen, in Chromium
//   console_*  the officials' console, every file that it may come to load
import { Chrome } from '../browser/chrome.mjs';
import { until } from '../system/stack.mjs';

const [base, loads] = [process.argv[2], Number(process.argv[3])];
// "4G" of WebPageTest: 9 Mbit/s, and 170 ms there and back for each request.
const NETWORK = { offline: false, latency: 170, downloadThroughput: 9e6 / 8, uploadThroughput: 9e6 / 8 };
// Tells the page's own clock at the first frame in which she can type her number.
const LOOK = `(function look() {
    if (document.querySelector('#mobile')?.checkVisibility())
        requestAnimationFrame(() => { globalThis.usableAt = performance.now(); });
    else
        requestAnimationFrame(look);
})();`;

/** What one visit came to, with nothing in the browser's cache. */
async function visit() {
    const chrome = new Chrome();
    try {
        const page = await chrome.open('about:blank');
        await page.send('Network.setExtraHTTPHeaders', { headers: { 'accept-encoding': 'gzip' } });
        await page.send('Network.emulateNetworkConditions', NETWORK);
        await page.send('Page.addScriptToEvaluateOnNewDocument', { source: LOOK });
        await page.send('Page.navigate', { url: `${base}/` });
        await until('the page can be used', () => page.value(
            "globalThis.usableAt && performance.getEntriesByName('first-contentful-paint').length > 0"));
        return await page.value(`(() => {
            const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
            const content = performance.getEntriesByName('first-contentful-paint')[0].startTime;
            return { content, usable: Math.max(content, usableAt), requests: all.length,
                bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0) };
        })()`);
    } finally {
        await chrome.close();
    }
}

/** The bytes of a page and of every file that it names, or that these name. */
async function wholeOf(path) {
    const sizes = new Map(), waiting = [path];
    while (waiting.length > 0) {
        const next = waiting.pop();
        if (sizes.has(next))
            continue;
        const answer = await fetch(base + next, { headers: { 'accept-encoding': 'gzip' } });
        if (!answer.ok || !answer.headers.has('content-length'))
            throw new Error(`${next}: ${answer.status}, of unknown length`);
        const text = await answer.text();
        sizes.set(next, Number(answer.headers.get('content-length')));
        waiting.push(...[...text.matchAll(/[\w.-]+-[\w-]{8}\.(?:js|css)(?![\w.])/g)].map(([name]) => `/assets/${name}`));
    }
    return { files: sizes.size, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

const visits = [];
for (let i = 0; i < loads; i++)
    visits.push(await visit());
const median = (name) => Math.round(visits.map((one) => one[name]).sort((a, b) => a - b)[Math.floor(loads / 2)]);
console.log(`member_bytes=${median('bytes')} member_requests=${median('requests')}`);
console.log(`member_first_content_ms=${median('content')} member_usable_ms=${median('usable')}`);
const { bytes, files } = await wholeOf('/console/');
console.log(`console_bytes=${bytes} console_files=${files}`);
