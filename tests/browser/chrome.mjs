// Debian's Chromium, headless, driven by playwright-core (built beside the pages). A page is what a member sees; it is told
// to click and type, and asked what it shows. What playwright has no word for is said in the DevTools protocol.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { until, web } from '../system/stack.mjs';

const { chromium } = createRequire(join(`${web}.build`, 'package.json'))('playwright-core');

// Nothing is looked up or fetched beside the page; there is a camera, and leave to use it.
const FLAGS = ['--disable-quic', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** All pages of one share what they keep, as the windows of one person's browser do. They stand still: what moves is met by chance. */
export class Chrome {
    errors = []; // what the pages' consoles complained of
    requests = []; // the addresses they asked for
    #context;

    constructor(flags = []) {
        this.browser = chromium.launch({ executablePath: '/usr/bin/chromium', args: [...FLAGS, ...flags] });
        this.#context = this.browser.then((browser) => browser.newContext({ viewport: null, reducedMotion: 'reduce' }));
        this.#context.then((context) => context.on('request', (request) => this.requests.push(request.url())), () => {}); // open() tells
    }

    async open(url) {
        const context = await this.#context, page = await context.newPage();
        page.on('pageerror', (error) => this.errors.push(error.stack || `${error.name}: ${error.message} ${JSON.stringify(error)}`));
        page.on('console', (line) => line.type() === 'error' && this.errors.push(`${line.text()} ${line.location().url}`));
        page.on('dialog', (dialog) => dialog.accept()); // what she is asked to confirm, she confirms
        const opened = new Page(page, await context.newCDPSession(page));
        for (const domain of ['Page', 'Network']) // what is said of them holds from then on
            await opened.send(`${domain}.enable`);
        await page.goto(url, { waitUntil: 'commit' });
        return opened;
    }

    /** Whoever asks where she stands is told this, by her leave. */
    async standAt(_page, latitude, longitude) {
        const context = await this.#context;
        await context.grantPermissions(['geolocation']);
        await context.setGeolocation({ latitude, longitude, accuracy: 10 });
    }

    async close() {
        await (await this.browser).close();
    }
}

class Page {
    constructor(page, session) {
        this.page = page;
        this.session = session;
    }

    send(method, params) {
        return this.session.send(method, params);
    }

    /** What she downloads from now on is put into a folder, under the name that the page gives it. */
    keepDownloads(folder) {
        this.page.on('download', (download) => download.saveAs(join(folder, download.suggestedFilename())));
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

    /** Types into a field as a keyboard would, once it is there, has the focus and keeps what is typed. */
    async type(selector, text) {
        const field = `document.querySelector(${JSON.stringify(selector)})`;
        await until(`${selector} holds what is typed`, async () => {
            if (!await this.value(`(${field}?.focus(), ${field}?.select(), Boolean(${field}))`))
                return false;
            await this.page.keyboard.insertText(text);
            return await this.value(`${field}?.value`) === text;
        });
    }

    /** Ends what is typed, as the key does. */
    enter() {
        return this.page.keyboard.press('Enter');
    }

    /** Chooses a file in an <input type="file">. */
    choose(selector, path) {
        return this.page.locator(selector).first().setInputFiles(path);
    }

    click(selector) {
        return this.clickOn(`${selector} can be clicked`, `document.querySelector(${JSON.stringify(selector)})`);
    }

    /**
     * Clicks with the mouse on the element that an expression finds, once it has come to rest and it is what the mouse
     * meets there. It is looked for each time anew: a page that draws a list again puts another element in its place.
     */
    async clickOn(what, found) {
        const gone = (error) => assert.match(error.message, /not attached to the DOM|context was destroyed/, `${what}: ${error.message}`);
        await until(what, async () => {
            const one = (await this.page.evaluateHandle(found).catch(gone))?.asElement();
            return one?.click().then(() => true, gone);
        });
    }
}
