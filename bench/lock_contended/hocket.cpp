// lock_contended in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = lock_contended::parse(argc, argv);
  hocket::run_parallel(lock_contended::body(o), {.workers = o.workers});
}
