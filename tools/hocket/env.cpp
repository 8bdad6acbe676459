// hocket env: the environment variables, from the table that the runtime itself parses.
#include <cstdio>
#include <hocket/rt/base/env.hpp>
#include <string>

#include "commands.hpp"

namespace hocket::tools {

int env(bool markdown) {
  const rt::settings& now = rt::process_settings();  // a bad value ends the program here, with one line
  if (markdown) {
    std::fputs(rt::env_table_markdown().c_str(), stdout);
    return 0;
  }
  for (const rt::env_variable& variable : rt::env_table) {
    const bool set = now.source(variable.id) == rt::env_source::environment;
    std::printf("%s\n  %s\n", variable.name, variable.meaning);
    std::printf("  accepts  %s\n", rt::accepted_text(variable).c_str());
    std::printf("  default  %s\n", variable.fallback);
    std::printf("  now      %s%s\n\n", rt::value_text(now, variable.id).c_str(), set ? ", set in the environment" : "");
  }
  std::printf(
      "A bad value, also an empty one, stops a program at its start; an unknown HOCKET_ name is warned about.\n");
  return 0;
}

}  // namespace hocket::tools
