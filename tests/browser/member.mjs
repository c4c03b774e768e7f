// What members do on their page, for tests in a browser.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, until, web } from '../system/stack.mjs';

const SIZES = {
    small: { width: 320, height: 640, mobile: true }, phone: { width: 390, height: 844, mobile: true },
    desk: { width: 1280, height: 800, mobile: false }, wide: { width: 1920, height: 1080, mobile: false },
};

/**
 * Keeps what the page looks like now, whole, on telephones, in large print and in the dark there, and on desks, as
 * pictures/NAME.SIZE.png of the build, for somebody to look at: when HG_PICTURES is set.
 */
export async function picture(page, name) {
    if (!process.env.HG_PICTURES)
        return;
    const folder = join(build, 'pictures');
    const keep = async (size) => {
        await page.value('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
        const { data } = await page.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
        writeFileSync(join(folder, `${name}.${size}.png`), Buffer.from(data, 'base64'));
    };
    mkdirSync(folder, { recursive: true });
    for (const [size, metrics] of Object.entries(SIZES)) {
        await page.send('Emulation.setDeviceMetricsOverride', { ...metrics, deviceScaleFactor: 1 });
        await keep(size);
    }
    await page.send('Emulation.setDeviceMetricsOverride', { ...SIZES.phone, deviceScaleFactor: 1 });
    for (const look of ['large', 'dark']) {
        await page.value(`document.documentElement.classList.add('${look}')`);
        await keep(look);
        await page.value(`document.documentElement.classList.remove('${look}')`);
    }
    await page.send('Emulation.clearDeviceMetricsOverride');
}

// What the guidelines of accessibility can be checked by (axe-core), built beside the pages.
const axe = readFileSync(join(`${web}.build`, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe-core finds to be serious or worse, in the look of now: by all of its rules, or by those named. */
export async function violations(page, rules) {
    if (!await page.value('!!window.axe'))
        await page.value(`${axe}; 0`);
    return page.value(`axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], ...rules && { runOnly: rules } })})
        .then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 160) + ' ' + failureSummary)))`);
}

/** Goes to a page of the app. */
export const go = (page, path) => page.value(`location.hash = ${JSON.stringify(`#${path}`)}`);

/** Signs in by the code that is sent. */
export async function signInByCode(stack, page, mobile) {
    const sent = stack.codesTo(mobile).length;
    await page.shows('#code-form', /获取验证码/);
    await page.type('#mobile', mobile);
    await page.click('#code-form button');
    const code = await until('the code is sent', () => stack.codesTo(mobile)[sent]?.code);
    await page.shows('#login-form', /短信验证码/);
    await page.type('#code', code);
    await page.click('#login-form button');
    await page.shows('#who', /./);
}

/** Signs in, and proves who she is. */
export async function signIn(stack, page, { mobile, name, residentId }) {
    await signInByCode(stack, page, mobile);
    await go(page, '/mine/name');
    await page.shows('main', /姓名和证件号码/);
    await page.type('#name', name);
    await page.type('#resident-id', residentId);
    await page.click('#verify-form button');
    await page.shows('.union', /会员/);
}

/** What in the page keeps somebody out who hears it, or has a keyboard or a small screen. */
export const barriers = (page) => page.value(`(async () => {
    const seen = (one) => one.checkVisibility({ visibilityProperty: true });
    const name = (one) => (one.labels?.[0]?.innerText || one.getAttribute('aria-label') || one.innerText || one.alt || '').trim();
    const found = [], all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    for (const one of all('input, select, textarea, button, a, img'))
        if (!name(one)) found.push('no name: ' + one.outerHTML.slice(0, 120));
    for (const one of all('button, input, select, textarea')) {
        const { width, height } = one.getBoundingClientRect();
        if (height < 44 || width < 44) found.push('too small to touch: ' + one.outerHTML.slice(0, 120));
    }
    const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
    for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) found.push('twice the id ' + id);
    let level = 0;
    for (const one of all('h1, h2, h3, h4, h5, h6')) {
        if (Number(one.tagName[1]) > level + 1) found.push('a heading is left out before ' + one.innerText);
        level = Number(one.tagName[1]);
    }
    if (document.querySelector('[tabindex]:not([tabindex="0"]):not([tabindex="-1"])')) found.push('an order of its own');
    if (document.documentElement.lang !== 'zh-CN') found.push('no language');
    for (let n = 0; n < 50 && document.documentElement.scrollWidth > innerWidth; n++)
        await new Promise((done) => setTimeout(done, 20)); // a chart follows the screen in a moment
    if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the screen: ' + document.documentElement.scrollWidth);
    return found; })()`);

/** violations(), in the light look, and in the dark one, which differs in its colours. */
export async function violationsInBothLooks(page) {
    const found = await violations(page);
    await page.value("document.documentElement.classList.add('dark')");
    found.push(...(await violations(page, ['color-contrast'])).map((one) => `dark: ${one}`));
    await page.value("document.documentElement.classList.remove('dark')");
    return found;
}

/** The barriers on a telephone of 320 px, with letters of their size and of twice it, and in large print; keeps its picture. */
export async function barriersOnTelephone(page, name) {
    await picture(page, name);
    await page.send('Emulation.setDeviceMetricsOverride', { width: 320, height: 640, deviceScaleFactor: 1, mobile: true });
    const found = await barriers(page);
    await page.value("document.documentElement.style.fontSize = '200%'");
    found.push(...(await barriers(page)).map((one) => `at 200 %: ${one}`));
    await page.value("document.documentElement.style.fontSize = ''; document.documentElement.classList.add('large')");
    found.push(...(await barriers(page)).map((one) => `in large print: ${one}`));
    await page.value("document.documentElement.classList.remove('large')");
    found.push(...await violationsInBothLooks(page));
    await page.send('Emulation.clearDeviceMetricsOverride');
    return found;
}
