// The commands of the program `hocket`: what each takes, and its function, which gives the exit status.
// main.cpp fills these from the command line; exit status 0 is success, 1 a failure that was reported, 2 a bad command
// line, 130 an end by Ctrl-C.
#pragma once

#include <string>
#include <vector>

#include "load.hpp"

namespace hocket::tools {

struct serve_command {
  std::string host = "127.0.0.1";
  unsigned port = 8080;
  unsigned workers = 0;  // 0: as HOCKET_WORKERS says
  unsigned max_connections = 10'000;
  bool inline_hash = false;
  bool quiet = false;
};
int serve(const serve_command&);

struct load_command {
  load_options load;
  std::string url_text;
  std::string json;  // a file, or "-" for standard output; empty: none
  bool quiet = false;
};
int load(const load_command&);

struct demo_command {
  double seconds = 8;  // of each phase
  std::string json;
  double rate = 2000;         // light requests per second
  unsigned connections = 32;  // of the light requests
  unsigned workers = 0;
  std::string cpu = "hash";      // or fib
  bool standby_compare = false;  // one more phase: standby off
  bool cpu_alone = false;        // one more phase: no light requests
};
int demo(const demo_command&);

int info(bool json);
int env(bool markdown);

}  // namespace hocket::tools
