// What pages do again and again: load something, load a list page by page, do something once.
import { onMounted, onUnmounted, ref, shallowRef } from 'vue';
import { now, words } from './api';

/** Loads at once and again with reload(), the last value stays while it loads; of two answers the one that was asked for last counts. */
export function useLoad<T>(load: () => Promise<T>) {
  const value = shallowRef<T | null>(null), problem = ref(''), loading = ref(true);
  let turn = 0, counts = 0;
  async function reload() {
    const mine = ++turn;
    loading.value = true;
    try {
      const read = await load();
      if (mine < counts) return;
      counts = mine;
      value.value = read;
      problem.value = '';
    } catch (error) {
      if (mine === turn) problem.value = words(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  onMounted(reload);
  return { value, problem, loading, reload };
}

/** A list that gives its pages one after the other; begun anew, what was asked for before counts no more. */
export function useList<T>(load: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>) {
  const items = shallowRef<T[]>([]), problem = ref(''), loading = ref(false), finished = ref(false);
  let next = '', turn = 0, pages = 0, asked = 0, counts = 0;
  async function more() {
    if (loading.value || finished.value) return;
    const mine = turn;
    loading.value = true;
    try {
      const page = await load(next);
      if (mine !== turn) return;
      items.value = [...items.value, ...page.items];
      pages++;
      next = page.nextPageToken;
      finished.value = !next;
      problem.value = '';
    } catch (error) {
      if (mine === turn) problem.value = words(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }
  async function reload() {
    turn++;
    loading.value = false;
    next = '';
    pages = 0;
    finished.value = false;
    items.value = [];
    await more();
  }
  /** Reads the first page once more, of what changes by itself: all that is seen stays until the answer is there. */
  async function follow() {
    const mine = turn, nth = ++asked, page = await load('').catch(() => null); // it is asked again before long
    if (!page || mine !== turn || !pages || nth < counts) return;
    counts = nth;
    items.value = pages === 1 ? page.items : [...page.items, ...items.value.slice(page.items.length)];
    if (pages > 1) return;
    next = page.nextPageToken;
    finished.value = !next;
  }
  onMounted(more);
  return { items, problem, loading, finished, more, reload, follow };
}

/** The service's time, four times a second. */
export function useClock() {
  const at = ref(now());
  const timer = setInterval(() => { at.value = now(); }, 250);
  onUnmounted(() => clearInterval(timer));
  return at;
}
