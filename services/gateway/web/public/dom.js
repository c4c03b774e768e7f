// What the pages are made of: elements, lists that say how they are, buttons that work
// once at a time, cards with one panel each.
import { words } from './api.js';

export const $ = (id) => document.getElementById(id);

/** element('p', { className: 'state' }, 'text', child, null) */
export function element(tag, properties = {}, ...children) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') one.setAttribute(name, value);
    else one[name] = value;
  }
  one.append(...children.filter((child) => child !== null && child !== undefined));
  return one;
}

/** Said aloud by screen readers; stays until something else is done. */
export function say(text, good = true) {
  $('notice').textContent = text;
  $('notice').className = good ? 'good' : 'bad';
}

/** Does what a button or form is for once at a time, and says why it was refused. */
export function act(work) {
  return async (event) => {
    event?.preventDefault();
    const button = event?.submitter ?? event?.currentTarget;
    if (button) button.disabled = true;
    say('');
    try {
      await work(event);
    } catch (error) {
      say(words(error), false);
    } finally {
      if (button) button.disabled = false;
    }
  };
}

export function button(text, work, properties = {}) {
  const one = element('button', { type: 'button', ...properties }, text);
  one.addEventListener('click', act(work));
  return one;
}

export const actions = (...buttons) => element('div', { className: 'actions' }, ...buttons);
export const facts = (...pairs) => element('dl', {}, ...pairs.filter(Boolean)
  .flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));

/** Fills the list #id: says in #id-state that it is loading, empty, or why it is not there. */
export async function fill(id, load, item, empty) {
  const list = $(id), state = $(`${id}-state`);
  if (!list.children.length) state.textContent = '正在加载…';
  try {
    const items = await load(), at = document.activeElement;
    // A card in whose panel somebody writes stays as it is, however often the list is drawn again.
    const open = new Map([...list.children].filter((one) => one.querySelector('.panel:not([hidden])')).map((one) => [one.dataset.key, one]));
    list.replaceChildren(...items.map(item).map((one) => open.get(one.dataset.key ?? '') ?? one));
    if (list.contains(at)) at.focus();
    state.textContent = items.length ? '' : empty;
    return items;
  } catch (error) {
    list.replaceChildren();
    state.replaceChildren(`${words(error)} `, button('重试', () => fill(id, load, item, empty), { className: 'quiet' }));
    return [];
  }
}

/** A card with a heading and a place for one panel. */
export const card = (title, ...children) => element('li', { className: 'card' },
  element('h3', {}, title), ...children, element('div', { className: 'panel', hidden: true }));

/** Opens the panel of the card around an element; what `build` gives is in it, or why not. */
export async function unfold(within, title, build) {
  const panel = within.closest('.card').querySelector('.panel');
  const heading = element('h4', { tabIndex: -1 }, title);
  const close = button('收起', () => {
    panel.hidden = true;
    panel.replaceChildren();
    within.focus();
  }, { className: 'quiet' });
  const body = element('div', {}, element('p', { className: 'state' }, '正在加载…'));
  panel.replaceChildren(heading, body, actions(close));
  panel.hidden = false;
  heading.focus();
  try {
    body.replaceChildren(...[await build()].flat().filter(Boolean));
  } catch (error) {
    body.replaceChildren(element('p', { className: 'state' }, words(error)),
      actions(button('重试', () => unfold(within, title, build), { className: 'quiet' })));
  }
}

/** What came of a scan, for all to see: good or not, or (null) still to be decided; lines are texts or elements. */
export function showVerdict(place, good, title, ...lines) {
  place.className = `verdict ${good === null ? 'open' : good ? 'yes' : 'no'}`;
  place.replaceChildren(element('strong', {}, title), ...lines.filter(Boolean).map((line) => (typeof line === 'string' ? element('p', {}, line) : line)));
}

// ---- numbers and times ----

/** Fen to "5 元" or "1,234.50 元". */
export const yuan = (fen) => `${(Number(fen) / 100).toFixed(2).replace(/\.00$/, '').replace(/\B(?=(\d{3})+(\.|$))/g, ',')} 元`;

const CHINA = { timeZone: 'Asia/Shanghai', hourCycle: 'h23' };
const format = (options) => {
  const formatter = new Intl.DateTimeFormat('zh-CN', { ...CHINA, ...options });
  return (time) => formatter.format(new Date(time));
};
export const time = format({ year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const clock = format({ hour: '2-digit', minute: '2-digit' });

// ---- the look ----

/** The dark look where it is wished; larger letters and buttons for whoever wants them, kept in this browser. */
export function offerLook() {
  const theme = localStorage.getItem('theme') ?? 'auto'; // as the app keeps it
  document.documentElement.classList.toggle('dark', theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark');
  const set = (on) => {
    document.documentElement.classList.toggle('large', on);
    $('large').setAttribute('aria-pressed', String(on));
  };
  set(localStorage.getItem('large') === 'yes');
  $('large').addEventListener('click', () => {
    const on = !document.documentElement.classList.contains('large');
    localStorage.setItem('large', on ? 'yes' : 'no');
    set(on);
  });
}
