// Which sanitizers this file is compiled with, each 0 or 1: g++ says so by a macro, clang by a feature.
#pragma once

#if defined(__has_feature)
#define HOCKET_HAS_FEATURE(name) __has_feature(name)
#else
#define HOCKET_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HOCKET_HAS_FEATURE(address_sanitizer)
#define HOCKET_ASAN 1
#else
#define HOCKET_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || HOCKET_HAS_FEATURE(thread_sanitizer)
#define HOCKET_TSAN 1
#else
#define HOCKET_TSAN 0
#endif

#if HOCKET_HAS_FEATURE(memory_sanitizer)
#define HOCKET_MSAN 1
#else
#define HOCKET_MSAN 0
#endif

// Of g++ it cannot be told.
#if HOCKET_HAS_FEATURE(undefined_behavior_sanitizer)
#define HOCKET_UBSAN 1
#else
#define HOCKET_UBSAN 0
#endif

#undef HOCKET_HAS_FEATURE
