// Debian's Chromium, headless, driven over a pipe by the DevTools protocol: no package is needed
// beside it. A page is what a member sees; it is told to click and type, and asked what it shows.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../system/stack.mjs';

// Nothing is looked up or fetched beside the page.
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', // a camera, and leave to use it
    '--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage', '--remote-debugging-pipe'];

export class Chrome {
    #waiting = new Map();
    #next = 1;
    #rest = '';
    errors = []; // what the pages' consoles complained of
    requests = []; // the addresses they asked for

    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), 'huigong-chrome-'));
        this.process = spawn('chromium', [...FLAGS, `--user-data-dir=${this.folder}`, 'about:blank'],
            { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
        this.process.stdio[4].setEncoding('utf8').on('data', (text) => this.#read(text));
        this.process.on('error', (error) => this.#fail(error));
        this.process.on('exit', () => this.#fail(new Error('chromium has ended')));
    }

    // Messages are JSON, each ended by a NUL.
    #read(text) {
        const messages = (this.#rest + text).split('\0');
        this.#rest = messages.pop();
        for (const message of messages.map((one) => JSON.parse(one))) {
            if (message.method === 'Runtime.exceptionThrown')
                this.errors.push(message.params.exceptionDetails.exception?.description ?? message.params.exceptionDetails.text);
            if (message.method === 'Log.entryAdded' && message.params.entry.level === 'error')
                this.errors.push(`${message.params.entry.text} ${message.params.entry.url ?? ''}`);
            if (message.method === 'Page.javascriptDialogOpening') // what she is asked to confirm, she confirms
                this.send('Page.handleJavaScriptDialog', { accept: true }, message.sessionId);
            if (message.method === 'Network.requestWillBeSent')
                this.requests.push(message.params.request.url);
            const waiter = this.#waiting.get(message.id);
            this.#waiting.delete(message.id);
            if (waiter && message.error)
                waiter.reject(new Error(message.error.message));
            else
                waiter?.resolve(message.result);
        }
    }

    #fail(error) {
        for (const waiter of this.#waiting.values())
            waiter.reject(error);
        this.#waiting.clear();
    }

    send(method, params = {}, sessionId = undefined) {
        const id = this.#next++;
        return new Promise((resolve, reject) => {
            this.#waiting.set(id, { resolve, reject });
            this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
        });
    }

    async open(url) {
        const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
        const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
        const page = new Page(this, sessionId);
        await page.send('Runtime.enable');
        await page.send('Log.enable');
        await page.send('Network.enable');
        await page.send('Page.enable');
        await page.send('Page.navigate', { url });
        return page;
    }

    /** Whoever asks where she stands is told this, by her leave. */
    async standAt(page, latitude, longitude) {
        await this.send('Browser.grantPermissions', { permissions: ['geolocation'] });
        await page.send('Emulation.setGeolocationOverride', { latitude, longitude, accuracy: 10 });
    }

    async close() {
        const ended = new Promise((resolve) => this.process.once('exit', resolve));
        this.send('Browser.close').catch(() => {});
        await ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

class Page {
    constructor(chrome, session) {
        this.chrome = chrome;
        this.session = session;
    }

    send(method, params) {
        return this.chrome.send(method, params, this.session);
    }

    /** The value of an expression in the page. */
    async value(expression) {
        const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
        if (exceptionDetails)
            throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
    }

    /** The text of what is visible under a selector, '' when nothing is. */
    text(selector) {
        return this.value(`[...document.querySelectorAll(${JSON.stringify(selector)})]
            .filter((one) => one.checkVisibility()).map((one) => one.innerText).join('\\n')`);
    }

    /** Clicks the first visible button, or link, of this text under a selector. */
    press(selector, text) {
        return this.clickOn(`${selector} has ${text}`, `[...document.querySelectorAll(${JSON.stringify(selector)} + ' :is(button, a)')]
            .find((it) => it.checkVisibility() && !it.disabled && it.innerText.trim().startsWith(${JSON.stringify(text)}))`);
    }

    async shows(selector, pattern) {
        let shown = '';
        await until(`${selector} shows ${pattern}`, async () => pattern.test(shown = await this.text(selector)))
            .catch((error) => assert.fail(`${error.message}, but: ${shown}`));
    }

    /** Types into a field as a keyboard would, once it has the focus and keeps what is typed. */
    async type(selector, text) {
        const field = `document.querySelector(${JSON.stringify(selector)})`;
        await until(`${selector} holds what is typed`, async () => {
            await this.value(`${field}.focus(), ${field}.select()`);
            await this.send('Input.insertText', { text });
            return await this.value(`${field}.value`) === text;
        });
    }

    /** Chooses a file in an <input type="file">. */
    async choose(selector, path) {
        const { root } = await this.send('DOM.getDocument');
        const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector });
        await this.send('DOM.setFileInputFiles', { nodeId, files: [path] });
    }

    click(selector) {
        return this.clickOn(`${selector} can be clicked`, `document.querySelector(${JSON.stringify(selector)})`);
    }

    /**
     * Clicks with the mouse on the element that an expression finds, where it is on the screen once it has come to rest.
     * It is looked for each time anew: a page that draws a list again puts another element in its place.
     */
    async clickOn(what, found) {
        let before;
        const at = await until(what, async () => {
            const now = await this.value(`(() => { const one = ${found};
                one?.scrollIntoView({ block: 'center' });
                const box = one?.getBoundingClientRect(), at = box && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
                return at && !one.disabled && one.contains(document.elementFromPoint(at.x, at.y)) ? at : null; })()`);
            const rests = now && before && now.x === before.x && now.y === before.y;
            before = now;
            return rests && now;
        });
        for (const type of ['mousePressed', 'mouseReleased'])
            await this.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 });
    }
}
