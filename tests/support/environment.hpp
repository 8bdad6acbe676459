// The variables of the tests themselves, HOCKET_TEST_*: as strict as the runtime's, a bad value ends the program.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <hocket/rt/base/sanitizers.hpp>

namespace hocket::support {

inline constexpr bool under_sanitizer = HOCKET_ASAN || HOCKET_TSAN || HOCKET_MSAN;

/// The number that a variable holds; nullopt when it is not set. A bad value: one line to stderr and exit status 2.
std::optional<std::uint64_t> number_from_environment(const char* name, std::uint64_t least, std::uint64_t most);

/// Worker counts that a test should run at: 1, 2, 3, 4, 8, or those of HOCKET_TEST_WORKERS ("1,4").
/// For INSTANTIATE_TEST_SUITE_P(..., testing::ValuesIn(test_workers())) or a loop.
const std::vector<unsigned>& test_workers();

/// `count` in a plain build, a tenth of it (at least 1) under a sanitizer: for loops whose length is only a matter of
/// confidence.
constexpr std::uint64_t repetitions(std::uint64_t count) { return under_sanitizer && count >= 10 ? count / 10 : count; }

}  // namespace hocket::support
