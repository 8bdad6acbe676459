// The variables of the tests themselves, HOCKET_TEST_*: as strict as the runtime's, a bad value ends the program.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace hocket::support {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool under_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
inline constexpr bool under_sanitizer = true;
#else
inline constexpr bool under_sanitizer = false;
#endif
#else
inline constexpr bool under_sanitizer = false;
#endif

/// The number that a variable holds; nullopt when it is not set. A bad value: one line to stderr and exit status 2.
std::optional<std::uint64_t> number_from_environment(const char* name, std::uint64_t least, std::uint64_t most);

/// Worker counts that a test should run at: 1, 2, 3, 4, 8, or those of HOCKET_TEST_WORKERS ("1,4").
/// For INSTANTIATE_TEST_SUITE_P(..., testing::ValuesIn(test_workers())) or a loop.
const std::vector<unsigned>& test_workers();

/// `count` in a plain build, a tenth of it (at least 1) under a sanitizer: for loops whose length is only a matter of
/// confidence.
constexpr std::uint64_t repetitions(std::uint64_t count) { return under_sanitizer && count >= 10 ? count / 10 : count; }

}  // namespace hocket::support
