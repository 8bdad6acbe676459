// How much of a client's bytes a server takes before it refuses.
#pragma once

#include <cstddef>

namespace hocket::http {

/// Sizes in bytes. What is over a limit is answered (414, 431 or 413) and the connection is closed.
struct Limits {
  std::size_t request_line = 8 * 1024;   ///< method, target and version: 414
  std::size_t header_block = 16 * 1024;  ///< all header lines together, and all trailer lines together: 431
  std::size_t headers = 100;             ///< header lines: 431
  std::size_t body = 1024 * 1024;        ///< 413
};

}  // namespace hocket::http
