/** Numbers from 0 up to 1, the same for the same seed. */
export function* chance(state) {
    for (;;) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        yield (state >>> 8) / (1 << 24);
    }
}
