// timeout_pair in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = timeout_pair::parse(argc, argv);
  hocket::run_parallel(timeout_pair::body(o), {.workers = o.workers});
}
