#include <hocket/loop/creation.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include <hocket/loop/coro.hpp>
#include <hocket/rt/base/symbols.hpp>
#include <hocket/rt/coro/origins.hpp>

namespace hocket {
namespace {

thread_local rt::nanos spent = 0;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool is_file_of_a_library(std::string_view file) {
  constexpr std::array<std::string_view, 11> folders = {
      "/hocket/rt/", "/hocket/loop/", "/hocket/sync/",    "/hocket/net/",  "/hocket/tbb/",      "/hocket/stream/",
      "/hocket/os/", "/hocket/http/", "/hocket/testing/", "/include/c++/", "/hocket/hocket.hpp"};
  return std::any_of(folders.begin(), folders.end(), [&](std::string_view part) { return contains(file, part); });
}

// How a thread or the program begins.
bool is_beginning(std::string_view function) {
  constexpr std::array<std::string_view, 7> names = {
      "_start", "__libc_start_main", "__libc_start_main_impl", "__libc_start_call_main", "start_thread", "clone",
      "clone3"};
  return std::find(names.begin(), names.end(), function) != names.end();
}

bool is_function_of_a_library(std::string_view function) {
  const std::string name = qualified_function_name(function);
  constexpr std::array<std::string_view, 4> beginnings = {"hocket::", "std::", "__", "operator new"};
  return name.empty() ||
         std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view b) { return name.starts_with(b); });
}

// What stands at the addresses, innermost first, without the libraries: with files, or, where no file is known at all,
// with the names of functions.
std::vector<call_line> calls_of_the_program(const rt::origin& made) {
  const rt::nanos began = rt::steady_now();
  std::vector<call_line> with_file, without;
  for (unsigned i = 0; i < made.depth; ++i) {
    for (rt::code_place& place : rt::places_of(made.at[i], true)) {
      const bool has_line = place.line > 0;
      if (is_beginning(place.function)) continue;
      if (has_line ? is_file_of_a_library(place.file) : is_function_of_a_library(place.function)) continue;
      (has_line ? with_file : without)
          .push_back(
              {has_line ? std::move(place.file) : std::string(), place.line, bare_function_name(place.function)});
    }
  }
  spent += rt::steady_now() - began;
  return with_file.empty() ? without : with_file;
}

// The line of a source file, without its indent; empty when it cannot be read.
std::string source_line(const std::string& file, int number) {
  std::ifstream in(file);
  std::string line;
  for (int i = 0; i < number; ++i) {
    if (!std::getline(in, line)) return {};
  }
  const auto from = line.find_first_not_of(" \t");
  if (from == line.npos) return {};
  return line.substr(from, line.find_last_not_of(" \t\r") + 1 - from);
}

}  // namespace

std::vector<call_line> calls_that_made(const void* thing, const std::source_location* coroutine) {
  rt::origin made;
  if (!rt::origins::find(thing, made)) return {};
  std::vector<call_line> calls = calls_of_the_program(made);
  if (coroutine && !calls.empty() && calls.front().function == coroutine_name(*coroutine)) calls.erase(calls.begin());
  std::reverse(calls.begin(), calls.end());
  return calls;
}

std::vector<call_line> calls_that_led_here() {
  std::vector<call_line> calls = calls_of_the_program(rt::origins::here());
  std::reverse(calls.begin(), calls.end());
  return calls;
}

rt::nanos spent_on_creation_texts() noexcept { return spent; }

std::string traceback_text(const std::vector<call_line>& calls) {
  std::string text;
  for (const call_line& c : calls) {
    if (!text.empty()) text += "\n";
    if (c.file.empty()) {
      text += "  in " + c.function;
      continue;
    }
    text += "  File \"" + c.file + "\", line " + std::to_string(c.line) + ", in " + c.function;
    if (const std::string line = source_line(c.file, c.line); !line.empty()) text += "\n    " + line;
  }
  return text;
}

std::string created_at(const void* thing) {
  const std::vector<call_line> calls = calls_that_made(thing);
  if (calls.empty() || calls.back().file.empty()) return {};
  return " created at " + calls.back().file + ":" + std::to_string(calls.back().line);
}

std::string source_traceback(const void* thing) {
  const std::string calls = traceback_text(calls_that_made(thing));
  return calls.empty() ? calls : "Object created at (most recent call last):\n" + calls;
}

}  // namespace hocket
