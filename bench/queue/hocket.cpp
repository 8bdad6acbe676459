// queue in the parallel door: producers and consumers may run at once.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = queue::parse(argc, argv);
  hocket::run_parallel(queue::body(o), {.workers = o.workers});
}
