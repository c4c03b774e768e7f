// What officials do at their desk, for tests in a browser.
import assert from 'node:assert/strict';
import { PASSWORD, totp } from '../system/people.mjs';
import { until } from '../system/stack.mjs';
import { barriers, go, picture, violationsInBothLooks } from './member.mjs';

/** Signs in at the console, where she stands, with the number and the secret of her second factor. */
export async function signInAtDesk(page, { mobile, secret }) {
    await page.shows('main', /工作人员登录/);
    await page.type('#mobile', mobile);
    await page.type('#password', PASSWORD);
    await page.type('#totp', totp(secret, 1));
    await page.click('form button[type=submit]');
    await page.shows('.work h1', /总览/);
}

/** Nothing keeps anybody out of the page as it is now, on a desk and on a telephone; keeps its picture. */
export async function opensToAll(page, name) {
    await picture(page, `console-${name}`);
    await page.send('Emulation.setDeviceMetricsOverride', { width: 320, height: 640, deviceScaleFactor: 1, mobile: true });
    const small = await barriers(page);
    await page.send('Emulation.clearDeviceMetricsOverride');
    assert.deepEqual([...small, ...await barriers(page), ...await violationsInBothLooks(page)], []);
}

/** Chooses in a list of Element Plus. */
export async function choose(page, label, text) {
    await page.click(`.el-select__wrapper:has([aria-label=${label}])`);
    await page.clickOn(`${text} can be chosen`, `[...document.querySelectorAll('.el-select-dropdown__item')].find((one) => one.checkVisibility() && one.innerText.trim() === '${text}')`);
}

/** Agrees to what a dialog asks. */
export const agree = (page, word) => page.press('[role=dialog]', word);

/** Types into the fields of a form, by the names that stand before them. */
export async function fill(page, form, texts) {
    for (const [label, text] of Object.entries(texts)) {
        await until(`${form} asks for ${label}`, () => page.value(`(() => {
            const at = [...document.querySelectorAll('${form} label')].find((one) => one.checkVisibility() && one.innerText.trim().startsWith('${label}'));
            document.querySelector('[data-filled]')?.removeAttribute('data-filled');
            at?.querySelector('input').setAttribute('data-filled', '');
            return Boolean(at); })()`));
        await page.type('[data-filled]', text);
    }
}

export { go };
