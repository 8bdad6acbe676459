// gather_100k in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = gather_100k::parse(argc, argv);
  hocket::run_parallel(gather_100k::body(o), {.workers = o.workers});
}
