// What the page tells in passing: read aloud by screen readers, gone after a few seconds.
import { ref } from 'vue';

const SHOWN_MS = 5000;
let timer: ReturnType<typeof setTimeout> | undefined;

export const said = ref('');

export function say(text: string) {
  said.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => { said.value = ''; }, SHOWN_MS);
}
