// yield in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = yield::parse(argc, argv);
  hocket::run_parallel(yield::body(o), {.workers = o.workers});
}
