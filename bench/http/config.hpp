// http: a server that answers every request with the same 13 bytes of text.
#pragma once

#include <string_view>

namespace http_bench {

inline constexpr std::string_view body = "hello, world\n";

}  // namespace http_bench
