/* fuzz.h: a fuzz entry. tests/fuzz/NAME.c defines it, tests/fuzz/corpus/NAME/ holds the
 * inputs that are kept: libFuzzer begins from them, and ctest runs each (replay.c).
 *
 * Any input is survived; what must hold of the code under test is an ensure(). */
#pragma once

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
