// What the programs of the mixed workloads answer. They are servers as all of the benches are (common/server.hpp), and
// serve messages of 64 bytes, each answered by 64 bytes; the first byte says what is wanted.
#pragma once

#include <cstdint>
#include <cstring>

namespace mixed {

inline constexpr std::size_t message_size = 64;

enum class want : char {
  echo = 'e',   // the same bytes
  burn = 'b',   // the same bytes, after job_us of computing in the handler
  start = 's',  // start the CPU tasks
  units = 'u',  // how many units of work have been done, in bytes 8 to 15
};

enum class jobs { none, checkpoint, hog, fork_join };  // --kind

inline constexpr unsigned tasks_per_worker = 8;

inline void put_units(char* message, std::uint64_t units) { std::memcpy(message + 8, &units, sizeof units); }
inline std::uint64_t get_units(const char* message) {
  std::uint64_t units;
  std::memcpy(&units, message + 8, sizeof units);
  return units;
}

}  // namespace mixed
