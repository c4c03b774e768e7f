/* instrumented.h: whether sanitizers are built in. They start a symbolizer and read /proc
 * when they report, and take memory far beyond what a program does. */
#pragma once

#ifdef __has_feature
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS_FEATURE(address_sanitizer)
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif
