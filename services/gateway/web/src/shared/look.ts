// How the pages look on this device: dark, and in large print (关怀版). Kept in this browser.
import { ref, watch } from 'vue';

const root = document.documentElement;
const nightly = matchMedia('(prefers-color-scheme: dark)');

export const large = ref(localStorage.getItem('large') === 'yes');
/** What she chose; 'auto' follows the device. */
export const theme = ref((localStorage.getItem('theme') ?? 'auto') as 'auto' | 'light' | 'dark');
export const dark = ref(false);

function show() {
  dark.value = theme.value === 'dark' || (theme.value === 'auto' && nightly.matches);
  root.classList.toggle('dark', dark.value);
  root.classList.toggle('large', large.value);
}

nightly.addEventListener('change', show);
watch([large, theme], () => {
  localStorage.setItem('large', large.value ? 'yes' : 'no');
  localStorage.setItem('theme', theme.value);
  show();
});
show();
