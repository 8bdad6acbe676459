// queue_pair in the parallel door.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = queue_pair::parse(argc, argv);
  hocket::run_parallel(queue_pair::body(o), {.workers = o.workers});
}
