// hocket info: what was built, and what it sees of this machine.
#include <sys/utsname.h>

#include <cstdio>
#include <hocket/rt/base/env.hpp>
#include <hocket/rt/base/sanitizers.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"

#ifndef HOCKET_VERSION_TEXT
#define HOCKET_VERSION_TEXT "unknown"
#endif

// Present when mimalloc is linked in; that replaces malloc for the whole process.
extern "C" int mi_version() __attribute__((weak));

namespace hocket::tools {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "g++ " __VERSION__;
#else
  return "unknown";
#endif
}

std::string build_kind() {
  std::string kind;
#if defined(__OPTIMIZE__)
  kind = "optimized";
#else
  kind = "not optimized: figures from this build say nothing about speed";
#endif
#if !defined(NDEBUG)
  kind += ", with assertions";
#endif
#if HOCKET_ASAN
  kind += ", AddressSanitizer";
#elif HOCKET_TSAN
  kind += ", ThreadSanitizer";
#endif
  return kind;
}

std::string allocator() {
  if (!mi_version) return "malloc of libc";
  const int v = mi_version();
  return "mimalloc " + std::to_string(v / 100) + "." + std::to_string(v / 10 % 10) + "." + std::to_string(v % 10);
}

std::string kernel() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

}  // namespace

int info(bool json) {
  const rt::settings& now = rt::process_settings();
  const auto value = [&](rt::env_id id) { return rt::value_text(now, id); };
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"version", HOCKET_VERSION_TEXT},
      {"compiler", compiler()},
      {"build", build_kind()},
      {"kernel", kernel()},
      {"cpus", now.cpus.describe()},
      {"workers", value(rt::env_id::workers)},
      {"standby", value(rt::env_id::standby)},
      {"reactor", "epoll"},
      {"allocator", allocator()},
      {"features", "http"},
  };
  if (json) {
    nlohmann::ordered_json out;
    for (const auto& [name, text] : lines) out[name] = text;
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    for (const auto& [name, text] : lines) std::printf("%-10s %s\n", name.c_str(), text.c_str());
    std::printf("\nThe variables that decide these: hocket env\n");
  }
  return 0;
}

}  // namespace hocket::tools
