// create_await in the parallel door: the new task may run on another worker.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = create_await::parse(argc, argv);
  hocket::run_parallel(create_await::body(o), {.workers = o.workers});
}
