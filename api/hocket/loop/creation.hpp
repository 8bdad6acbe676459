// Where things were made, as debug mode tells it: the notes of rt/coro/origins.hpp as a Python traceback.
//
// Of the calls that led there, those of this library and of the standard one are left out, as far as the program's
// debug information names files; where it has none, functions alone are named. The first text of a process takes long,
// for that information is read then. Calls: any thread.
#pragma once

#include <source_location>
#include <string>
#include <vector>

#include <hocket/rt/base/clock.hpp>

namespace hocket {

/// A call, as a line of a traceback.
struct call_line {
  std::string file;  // empty when unknown
  int line = 0;
  std::string function;
};

/// The calls that made what is at `thing`, the most recent last; empty when that was not noted. `coroutine`: it is the
/// frame of this one, whose own call is not meant.
std::vector<call_line> calls_that_made(const void* thing, const std::source_location* coroutine = nullptr);

/// The calls that led here.
std::vector<call_line> calls_that_led_here();

/// How long this thread has been at such texts. Debug mode does not count it among a step's own time.
rt::nanos spent_on_creation_texts() noexcept;

/// `  File "a.cpp", line 12, in main`, and the line itself where the file can be read; no end of the last line.
std::string traceback_text(const std::vector<call_line>& calls);

/// " created at a.cpp:12", as Python's repr ends in debug mode; empty when the place is unknown.
std::string created_at(const void* thing);

/// What stands under "source_traceback" in the context of a problem; empty when nothing is known.
std::string source_traceback(const void* thing);

}  // namespace hocket
